package core

import (
	"fmt"
	"strconv"

	"spreadable/core/message"
)

// All nodes of a network must draw in the same way (Config.Draw), or they name other
// approvers, and no approval is worth anything elsewhere. And they must have the same
// number of levels (Config.Levels), or some of them know no branches. So a newcomer says
// both at its registration, and its master says how they are in the network. Each refuses
// the other if that differs. Npm nodes say nothing, which stands for their own way and one
// level.

// levelsOf is the number of levels that a message names, 1 if it names none.
func levelsOf(named int) int { return max(1, named) }

// otherLevels is the refusal of a newcomer that has another number of levels than its
// network, nil if it has the same.
func otherLevels(newcomer, network int) error {
	if levelsOf(newcomer) == network {
		return nil
	}
	return message.Refusal(message.CodeLevelsDiffer, fmt.Sprintf("%s at the newcomer and %s in the network", levelsText(levelsOf(newcomer)), levelsText(network)))
}

func levelsText(levels int) string {
	if levels == message.AutoLevels {
		return "auto"
	}
	return strconv.Itoa(levels)
}

// agreedLevels is what the nodes of the network must agree on: how many levels it has, or
// that it decides that itself. To a newcomer of one level, such as an npm node, a network
// that decides it and has one is one of one level.
func (n *Node) agreedLevels(newcomer int) int {
	switch {
	case n.treeIndex == 0:
		return 1
	case n.cfg.Levels == message.AutoLevels && n.Levels() == 1 && levelsOf(newcomer) == 1:
		return 1
	}
	return n.cfg.Levels
}

// disagrees returns the refusal of a newcomer whose settings are not ours, nil for others.
// If it is our slave it stays that until it leaves: another program on its host could have
// asked in its name.
func (l *level) disagrees(body *message.RegisterRequest) error {
	n := l.node
	if err := otherLevels(body.Levels, n.agreedLevels(body.Levels)); err != nil {
		l.guarded().LevelsRefused++
		l.noteRefused(body.Target, err, l.guard.LevelsRefused == 1)
		return err
	}
	if body.Draw == n.cfg.drawText {
		return nil
	}
	err := message.Refusal(message.CodeDrawDiffers, n.cfg.Draw.Difference(body.Draw, "at the newcomer", "in the network"))
	l.guarded().DrawsRefused++
	l.noteRefused(body.Target, err, l.guard.DrawsRefused == 1)
	return err
}

// noteRefused notes the first refusal, and later one a sync: more would be a flood.
func (l *level) noteRefused(newcomer Peer, err error, first bool) {
	if g := l.guarded(); first || g.noted != l.rounds {
		g.noted = l.rounds
		l.node.env.Note(Note{What: NoteRefused, About: newcomer, Text: err.Error()})
	}
}

// checkLevels returns the refusal of a newcomer that asks for a branch in a network of
// another number of levels.
func (n *Node) checkLevels(newcomer Peer, asked *message.BranchRequest) error {
	if asked == nil {
		return message.Refusal(message.CodeInvalidTarget, "")
	}
	err := otherLevels(asked.Levels, n.agreedLevels(message.AutoLevels))
	if err != nil {
		l := &n.level1
		l.guarded().LevelsRefused++
		l.noteRefused(newcomer, err, l.guard.LevelsRefused == 1)
	}
	return err
}

// checkAgreement is the error with which we refuse a master of a network whose settings
// are not ours.
func (n *Node) checkAgreement(answer *message.Registered) error {
	if err := otherLevels(n.agreedLevels(message.AutoLevels), levelsOf(answer.Levels)); err != nil {
		return err
	}
	if answer.Draw == n.cfg.drawText {
		return nil
	}
	return message.Refusal(message.CodeDrawDiffers, n.cfg.Draw.Difference(answer.Draw, "in the network", "at the newcomer"))
}

// isDisagreement reports whether a registration failed because of settings that differ.
func isDisagreement(err error) bool {
	return message.IsRefusal(err, message.CodeDrawDiffers) || message.IsRefusal(err, message.CodeLevelsDiffer)
}
