package captcha

// share returns which cells of a picture the approver at place i of count owns:
// n of them, beginning with cell from. The cells go round as evenly as they can,
// the later approvers getting more: npm gives each the whole part of what is
// left over the approvers that are still to come. Without an approver for every
// cell or a cell for every approver there is no share, and n is 0.
func share(length, i, count int) (from, n int) {
	if i < 0 || i >= count || count > length {
		return 0, 0
	}
	left := length
	for j := range i {
		left -= left / (count - j)
	}
	return length - left, left / (count - i)
}

// sameFolded compares two texts of ASCII as npm does, whatever their case. Other
// letters have no place in an answer and equal only themselves.
func sameFolded(a, b []uint16) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c uint16) uint16 {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
