// Package queue holds the pending events of the discrete-event kernel.
package queue
