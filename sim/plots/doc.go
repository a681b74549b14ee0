// Package plots draws what a run measured, each plot as SVG and PNG.
//
// [Draw] decides which plots a run has and lays them out; a plot for which there is
// nothing to show says why instead. [Write] puts them all into the folder plots/ of a
// results folder. Drawing is deterministic: equal runs give equal bytes.
//
// # House style
//
// A title in plain words, below it which run this is, then the legend in a strip of its
// own so that it can never cover data, then the axes with their units. Colours are those
// of Okabe and Ito, which people with any kind of colour blindness can tell apart; curves
// differ in dashes or markers as well, so that they survive a black-and-white printer.
// Every plot is legible at a width of 800 pixels.
package plots
