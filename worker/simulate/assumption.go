package simulate

// Assumption is a number put into a simulation, what it means and where its default comes from.
type Assumption struct{ Name, Meaning, Source string }

const assumed = "assumption"

// Assumptions by the names of flags, in the order in which a referral meets them.
var Assumptions = []Assumption{
	{"per-week", "Referrals a week, on average, by a Poisson process.", assumed},
	{"risk", "Share of patients with a risk or need that a safe place depends on.", assumed},
	{"coded", "Share of those risks told in codes.", assumed},
	{"text", "Share of those risks told in free text alone; the rest is not told.", assumed},
	{"false-alarm", "Share of the others whose referral speaks of a risk they do not have.", assumed},
	{"review-days", "Mean days until a person decides a review.", assumed},
	{"answer-days", "Mean days until a patient answers an offer.", assumed},
	{"attend-first", "Share of those with a place who attend the first session within four weeks.", "60 to 70 % attend a first visit: Psychiatric Services 2021, 10.1176/appi.ps.202000535"},
	{"unreachable", "Share of those who take no place up that cannot be reached; the others decline.", assumed},
	{"no-show", "Share of sessions missed.", "23 % over 105 studies: Dantas 2018, Health Policy"},
	{"lead-odds", "Odds of missing a first session more than four weeks away, against a near one.", "5.45 in 263,464 appointments: PMC11149957"},
	{"drop-out", "Share of those who begin and leave before the end.", "19.7 % over 669 studies: Swift and Greenberg 2012"},
	{"cancelled", "Share of referrals that the referrer cancels.", assumed},
	{"patience-weeks", "Weeks of waiting after which half have given up.", assumed},
	{"gap-weeks", "Weeks between the end of a group and its next start.", assumed},
	{"announce-weeks", "Weeks before its start that a group enters the catalog.", assumed},
	{"warm-up-weeks", "Weeks before anything but safety is counted: at first nobody sits anywhere.", assumed},
}
