package mapping

// Limits on what one referral may hold, whatever format it comes in: texts in characters, lists in items.
const (
	ShortMax   = 64    // codes, tags, states, numbers
	TextMax    = 256   // names, identifiers, lines
	SystemMax  = 512   // URIs
	DisplayMax = 1024  // displays, condition texts, reasons
	NoteMax    = 20000 // free text

	ListMax         = 20 // short lists: codes of one condition, given names, languages, ...
	IdentifiersMax  = 50
	GoalsMax        = 50
	NotesMax        = 50
	ObservationsMax = 500
	DocumentsMax    = 50
)
