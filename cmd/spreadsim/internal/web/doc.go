// Package web shows films of runs (package film) on a page, live or recorded.
//
// A Show is one film. It may still be growing: the simulator tells it each block, and
// pages that come late get the past first. A Server serves a page with one Show, or two
// side by side. All that the page needs is in the program; it asks no other server.
//
// The page is in page/: plain ES modules, which find each other by an import map, and
// uPlot (page/vendor, unchanged; its licence is beside it) for the curves. The file that
// Save makes holds the same modules, in the import map itself, and the films: so it needs
// no server.
package web
