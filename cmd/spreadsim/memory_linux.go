package main

import (
	"os"
	"strconv"
	"strings"
)

// availableMemory is how many bytes this process can still take before others suffer or
// it is killed: what the machine has, or the control group allows; 0 if unknown.
func availableMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	free := meminfo(string(text), "MemAvailable:")
	limit, used := number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory.current")
	if limit > 0 && limit-used < free {
		return max(1, limit-used)
	}
	return free
}

// peakRSS is the largest resident memory of this process so far, in bytes; 0 if the system
// does not tell. What getrusage says includes the process that has started this one.
func peakRSS() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return meminfo(string(text), "VmHWM:")
}

// meminfo finds a line such as "MemAvailable:  1024 kB", and returns its bytes.
func meminfo(text, name string) int64 {
	_, line, _ := strings.Cut(text, name)
	words := strings.Fields(line)
	if len(words) == 0 {
		return 0
	}
	kilobytes, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes * 1024
}

// number reads a file that holds one number; 0 if it holds none.
func number(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
