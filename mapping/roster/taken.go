package roster

import "github.com/convene-health/convene/mapping/match"

// seatIndex is how many seats are held in each group of one catalog. Matching asks that of every group that suits, so
// names are not looked up again.
type seatIndex struct {
	book  *match.Book
	taken []int32 // by index of the group
}

// Taken is the number of seats held in a group.
func (s *State) Taken(group string) int { return s.taken[group] }

// takenIn lists the seats held by the groups of a book. It stays right until another book is asked for.
func (s *State) takenIn(book *match.Book) []int32 {
	if s.seats.book != book {
		s.seats = seatIndex{book, make([]int32, book.Groups())}
		for group, n := range s.taken {
			if at := book.Group(group); at >= 0 {
				s.seats.taken[at] = int32(n)
			}
		}
	}
	return s.seats.taken
}

// take adds (by +1) or gives back (by -1) a seat of a group.
func (s *State) take(group string, by int) {
	if s.taken[group] += by; s.taken[group] == 0 {
		delete(s.taken, group)
	}
	if s.seats.book == nil {
		return
	}
	if at := s.seats.book.Group(group); at >= 0 {
		s.seats.taken[at] += int32(by)
	}
}
