package theory

import "math"

// MeanWait is the mean wait before service in an M/G/1 queue, in the unit of the mean
// service time: rho service (1 + c2) / (2 (1 - rho)), by Pollaczek (1930) and Khinchine
// (1932). Requests come by a Poisson process, rho below 1 in a service time; c2 is the
// squared coefficient of variation of service times: 1 for exponential ones (M/M/1), 0 for
// constant ones (M/D/1).
func MeanWait(rho, service, c2 float64) float64 {
	return rho * service * (1 + c2) / (2 * (1 - rho))
}

// Refused is the share of requests that an M/M/1/K queue turns away, which holds k of them
// with the one in service: (1 - rho) rho^k / (1 - rho^(k+1)) (Kleinrock, Queueing Systems,
// volume 1, 1975, section 3.6). At the load 1 that is 1/(k+1).
func Refused(rho float64, k int) float64 {
	if rho == 1 {
		return 1 / float64(k+1)
	}
	return (1 - rho) * math.Pow(rho, float64(k)) / (1 - math.Pow(rho, float64(k+1)))
}
