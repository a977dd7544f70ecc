// Package mllp speaks HL7's Minimal Lower Layer Protocol: a listener that stores what a source sends before it says so, and
// a sender that hands each answer to its partner until the partner has it.
//
// A message is <VT> bytes <FS><CR>. On one connection one message is under way at a time. The listener answers CA or AA
// only after JetStream has the bytes; whoever does not hear that sends again, and the roster knows the copy. The sender
// takes an answer for a message only if MSA-2 is that message's id; an answer that is late, or another's, is none.
//
// Source: HL7 v2.9 chapter 2; Transport Specification: MLLP, Release 2.
package mllp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	startBlock = 0x0b // VT
	endBlock   = 0x1c // FS
	endMark    = '\r'
)

// Limits of what one connection may cost.
const (
	bufferBytes = 16 << 10
	// garbageMax bytes before a start block are stepped over; more is no MLLP.
	garbageMax = 64 << 10
	// discardMax bytes of a message that is too large are read off, so that it can be answered.
	discardMax = 32 << 20
)

// ErrTooLarge: the message is longer than the reader keeps. What Next returns with it is its beginning.
var ErrTooLarge = errors.New("the message is too large")

// ErrGarbage: what comes is no MLLP.
var ErrGarbage = fmt.Errorf("more than %d bytes before the start of a message", garbageMax)

// Reader takes frames off a connection.
type Reader struct {
	in   *bufio.Reader
	most int
}

// NewReader keeps messages of up to most bytes.
func NewReader(r io.Reader, most int) *Reader {
	return &Reader{bufio.NewReaderSize(r, bufferBytes), most}
}

// Await steps over what stands before the next message and returns once it has begun: its start block is the next byte.
func (r *Reader) Await() error {
	for n := 0; n <= garbageMax; n++ {
		b, err := r.in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] == startBlock {
			return nil
		}
		_, _ = r.in.Discard(1)
	}
	return ErrGarbage
}

// Next is the content of the message that has begun. Where a sender broke off and began anew, the last beginning counts.
// io.ErrUnexpectedEOF: it ended half-way.
func (r *Reader) Next() ([]byte, error) {
	var message []byte
	read := 0
	for {
		part, err := r.in.ReadSlice(endBlock)
		if read += len(part); len(message) <= r.most {
			message = append(message, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		default:
			if next, err := r.in.Peek(1); err != nil {
				return nil, unexpected(err)
			} else if next[0] == endMark {
				_, _ = r.in.Discard(1)
				return r.content(message, read)
			}
		}
		if read > r.most+discardMax {
			return nil, ErrTooLarge
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// content of a frame that has been read: without its blocks, from the last start block on.
func (r *Reader) content(frame []byte, read int) ([]byte, error) {
	if read > r.most+2 {
		return frame[1:min(len(frame), r.most)], ErrTooLarge
	}
	frame = frame[:len(frame)-1]
	return frame[bytes.LastIndexByte(frame, startBlock)+1:], nil
}

// Frame puts a message into its blocks.
func Frame(message []byte) []byte {
	b := make([]byte, 0, len(message)+3)
	return append(append(append(b, startBlock), message...), endBlock, endMark)
}
