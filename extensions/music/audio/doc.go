// Package audio reads music files: what kind they are, how well they sound, their tags
// and their cover. It never writes into one.
//
// The audio of an mp3 file is what is between its tags: so files that differ only in
// their tags have the same audio, to the byte. In the other kinds tags and audio are
// interleaved, and the audio is the whole file.
//
// A file is whatever a stranger has uploaded. What is read of it, and the memory for
// that, is bounded by [Limits], whatever its fields claim.
package audio
