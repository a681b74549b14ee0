package scenario

import (
	"fmt"
	"slices"

	"spreadable/transport/inmem/latency"
)

// latencyRows are the latency models. Another one is a file of its own in package latency
// and a row here. (A parameter of a new name is a field of Latency first.)
func latencyRows() []LatencyRow {
	return slices.Concat(distributionRows(), tailRows(), placedRows())
}

// spread are the parameters of each distribution, with those that say whether it is one
// of messages or of pairs.
func spread(parameters ...LatencyParameter) []LatencyParameter {
	return append(parameters, LatencyParameter{Key: "per", Open: true}, LatencyParameter{Key: "jitter", Open: true})
}

// spread makes the model that draws from a distribution for each message or pair. Some
// have a way of their own to draw for a message.
func (l LatencySetup) spread(of latency.Distribution, err error) (latency.Model, error) {
	if err != nil {
		return nil, err
	}
	if l.Per == PerPair {
		return latency.NewPerPair(of, l.Jitter, l.Seed), nil
	}
	if model, draws := of.(latency.Model); draws {
		return model, nil
	}
	return latency.PerMessage{Distribution: of}, nil
}

// distributionRows are models that know nothing of hosts. Drawn for each message, these
// four draw as they always did, so that fingerprints stay; for pairs they are tables.
func distributionRows() []LatencyRow {
	return []LatencyRow{
		{
			Name: "constant", Takes: "mean", Shape: "every message the same",
			Parameters: spread(LatencyParameter{Key: "mean", Positive: true}),
			Build:      func(l LatencySetup) (latency.Model, error) { return l.spread(latency.Constant(l.Mean), nil) },
		},
		{
			Name: "uniform", Takes: "min, max", Shape: "every value between them equally likely",
			Parameters: spread(LatencyParameter{Key: "min", Required: true}, LatencyParameter{Key: "max", Required: true, Above: "min"}),
			Build: func(l LatencySetup) (latency.Model, error) {
				return l.spread(latency.Uniform{Low: l.Min, High: l.Max}, nil)
			},
		},
		{
			Name: "normal", Takes: "mean, stddev, truncated at min and max",
			Shape: "the bell curve; values outside `min` and `max` are drawn again",
			Parameters: spread(
				LatencyParameter{Key: "mean", Note: "before truncation", Positive: true},
				LatencyParameter{Key: "stddev", Required: true, Positive: true},
				// With the mean outside the truncation almost every draw would be thrown
				// away.
				LatencyParameter{Key: "min", Note: "0s if absent", Below: "mean"},
				LatencyParameter{Key: "max", Note: "none if absent", Above: "mean", Open: true},
			),
			Build: func(l LatencySetup) (latency.Model, error) {
				of := latency.Normal{Center: l.Mean, Stddev: l.Stddev, Low: l.Min, High: l.Max}
				if l.Per != PerPair {
					return of, nil
				}
				return l.spread(of.Curve(), nil)
			},
		},
		{
			Name: "lognormal", Takes: "mean, stddev, shifted by min",
			Shape: "many quick messages, few very slow ones, above the floor `min`; none takes more than an hour above it",
			Parameters: spread(
				LatencyParameter{Key: "mean", Note: "min included", Positive: true},
				LatencyParameter{Key: "stddev", Required: true, Positive: true},
				LatencyParameter{Key: "min", Note: "0s if absent", Below: "mean"},
			),
			Build: func(l LatencySetup) (latency.Model, error) {
				of, err := latency.NewLognormal(l.Mean, l.Stddev, l.Min)
				if err != nil || l.Per != PerPair {
					return of, err
				}
				return l.spread(of.Curve(), nil)
			},
		},
	}
}

// tailRows are those of them in which a few messages are much slower than most, and which
// take their quantiles from a table.
func tailRows() []LatencyRow {
	return []LatencyRow{
		{
			Name: "exponential", Takes: "mean, shifted by min",
			Shape: "a wait that others cause at random, above the floor `min`",
			Parameters: spread(
				LatencyParameter{Key: "mean", Note: "min included", Positive: true},
				LatencyParameter{Key: "min", Note: "0s if absent", Below: "mean"},
			),
			Build: func(l LatencySetup) (latency.Model, error) {
				return l.spread(curve(latency.NewExponential(l.Mean, l.Min)))
			},
		},
		{
			Name: "pareto", Takes: "min, shape",
			Shape: "a heavy tail: the share (`min`/t)^`shape` takes longer than t; none takes more than an hour above `min`",
			Parameters: spread(
				LatencyParameter{Key: "min", Required: true, Positive: true},
				LatencyParameter{Key: "shape", Required: true},
			),
			Build: func(l LatencySetup) (latency.Model, error) {
				return l.spread(curve(latency.NewPareto(l.Min, float64(l.Shape))))
			},
		},
		{
			Name: "weibull", Takes: "scale, shape, shifted by min",
			Shape: "the share exp(-(t/`scale`)^`shape`) takes longer than `min` + t; none takes more than an hour above `min`",
			Parameters: spread(
				LatencyParameter{Key: "scale", Required: true, Positive: true},
				LatencyParameter{Key: "shape", Required: true},
				LatencyParameter{Key: "min", Note: "0s if absent"},
			),
			Build: func(l LatencySetup) (latency.Model, error) {
				return l.spread(curve(latency.NewWeibull(l.Scale, float64(l.Shape), l.Min)))
			},
		},
		{
			Name: "empirical", Takes: "file", Shape: "measured quantiles, and even between them",
			Parameters: spread(LatencyParameter{Key: "file", Note: "CSV of quantiles", Required: true}),
			Build: func(l LatencySetup) (latency.Model, error) {
				of, err := latency.ReadEmpirical(l.Content("file"))
				return l.spread(of, l.About("file", err))
			},
		},
	}
}

// curve lets the two results of a constructor pass as the arguments of spread.
func curve(c *latency.Curve, err error) (latency.Distribution, error) { return c, err }

// placed are the parameters of each model with places. The floor is the lookahead of a run
// by several workers, so it is above 0.
func placed(parameters ...LatencyParameter) []LatencyParameter {
	return append(parameters,
		LatencyParameter{Key: "places", Open: true},
		LatencyParameter{Key: "min", Note: "500us if absent, between places", Positive: true, Default: latency.DefaultFloor},
		LatencyParameter{Key: "jitter", Open: true},
		LatencyParameter{Key: "access", Open: true},
	)
}

// terms are what models with places have in common.
func (l LatencySetup) terms() (latency.Terms, error) {
	access, err := latency.NewAccess(l.Access, l.Seed)
	return latency.Terms{Seed: l.Seed, Floor: l.Min, Jitter: latency.NewJitter(l.Jitter), Access: access}, l.About("access", err)
}

// place makes the model of a table.
func (l LatencySetup) place(table *latency.Table, err error) (latency.Model, error) {
	if err != nil {
		return nil, l.About("file", err)
	}
	terms, err := l.terms()
	if err != nil {
		return nil, err
	}
	model, err := latency.NewPlaced(table, l.Places, terms)
	if err != nil {
		return nil, l.blame(err)
	}
	return model, nil
}

// blame finds the key that an error of a model with places is about.
func (l LatencySetup) blame(err error) error {
	if latency.IsHole(err) {
		name, _ := l.Content("file")
		return l.About("file", fmt.Errorf("%s: %w", name, err))
	}
	return l.About("places", err)
}

// placedRows are the models of hosts at places.
func placedRows() []LatencyRow {
	file := func(note string) LatencyParameter { return LatencyParameter{Key: "file", Note: note, Required: true} }
	return []LatencyRow{
		{
			Name: "planet", Takes: "cities and the distances between them",
			Shape:      "cities on the globe: a round trip is that of light in fibre, times a stretch of 1.79 in the median",
			Parameters: placed(LatencyParameter{Key: "file", Note: "CSV of cities; the largest of the world if absent", Open: true}),
			Build:      buildPlanet,
		},
		{
			Name: "regions", Takes: "round trips between named regions",
			Shape:      "regions with known latencies: 21 of clouds, or a square table of your own",
			Parameters: placed(LatencyParameter{Key: "file", Note: "square CSV; 21 cloud regions if absent", Open: true}),
			Build: func(l LatencySetup) (latency.Model, error) {
				if l.File == "" {
					return l.place(latency.CloudRegions())
				}
				return l.place(latency.ReadSquare(l.Content("file")))
			},
		},
		{
			Name: "king", Takes: "a matrix of the King data set", Shape: "measured round trips between servers, in microseconds",
			Parameters: placed(file("the matrix")),
			Build:      func(l LatencySetup) (latency.Model, error) { return l.place(latency.ReadKing(l.Content("file"))) },
		},
		{
			Name: "wonderproxy", Takes: "the two files of WonderProxy", Shape: "measured pings between servers all over the world",
			Parameters: placed(file("the pings"), LatencyParameter{Key: "servers", Required: true}),
			Build:      buildWonderProxy,
		},
		{
			Name: "shadow", Takes: "a network graph of Shadow", Shape: "shortest paths in a graph",
			Parameters: placed(file("the graph, in GML")),
			Build:      func(l LatencySetup) (latency.Model, error) { return l.place(latency.ReadShadow(l.Content("file"))) },
		},
	}
}

// buildPlanet makes the planet with our cities, or those of a file.
func buildPlanet(l LatencySetup) (latency.Model, error) {
	cities, err := latency.Cities()
	if l.File != "" {
		cities, err = latency.ReadCities(l.Content("file"))
	}
	if err != nil {
		return nil, l.About("file", err)
	}
	terms, err := l.terms()
	if err != nil {
		return nil, err
	}
	model, err := latency.NewPlanet(cities, l.Places, terms)
	if err != nil {
		return nil, l.blame(err)
	}
	return model, nil
}

// buildWonderProxy makes the model of two files. Each has errors of its own.
func buildWonderProxy(l LatencySetup) (latency.Model, error) {
	serverFile, servers := l.Content("servers")
	pingFile, pings := l.Content("file")
	list, err := latency.ReadServers(serverFile, servers)
	if err != nil {
		return nil, l.About("servers", err)
	}
	return l.place(latency.ReadPings(pingFile, pings, list))
}
