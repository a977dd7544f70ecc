package desk

import "net/http"

// routes of the desk.
func (d *Desk) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /asset/", http.StripPrefix("/asset/", assets()))
	mux.HandleFunc("GET "+signInPath+"{token}", d.signIn)
	mux.HandleFunc("GET /sign-in", d.toProvider)
	mux.HandleFunc("GET /sign-in/callback", d.fromProvider)
	mux.HandleFunc("POST /sign-out", d.signOut)
	mux.HandleFunc("POST /settings", d.choose)
	mux.HandleFunc("GET /{$}", d.page(Leader, (*visit).home))
	mux.HandleFunc("GET /now", d.page(Viewer, (*visit).now))
	mux.HandleFunc("POST /now", d.page(Viewer, (*visit).find))
	mux.HandleFunc("GET /now/stream", d.page(Viewer, (*visit).stream))
	mux.HandleFunc("GET /needs", d.page(Viewer, (*visit).needs))
	mux.HandleFunc("GET /groups", d.page(Leader, (*visit).groups))
	mux.HandleFunc("GET /group/{network}/{group}", d.page(Leader, (*visit).group))
	mux.HandleFunc("GET /referral/{network}/{key}", d.page(Viewer, (*visit).referral))
	mux.HandleFunc("GET /referral/{network}/{key}/fhir/{sequence}", d.page(Viewer, (*visit).bundle))
	mux.HandleFunc("GET /referral/{network}/{key}/input/{sequence}", d.page(Viewer, (*visit).input))
	mux.HandleFunc("POST /attendance/{network}/{group}/preview", d.page(Leader, (*visit).previewAttendance))
	mux.HandleFunc("POST /attendance/{network}/{group}", d.page(Leader, (*visit).attendance))
	mux.HandleFunc("GET /catalog/{network}/file", d.page(Supervisor, (*visit).catalogFile))
	mux.HandleFunc("GET /catalog/{network}/add", d.page(Supervisor, (*visit).newGroup))
	mux.HandleFunc("GET /catalog/{network}", d.page(Supervisor, (*visit).items))
	mux.HandleFunc("GET /catalog/{network}/new/{kind}", d.page(Supervisor, (*visit).itemForm))
	mux.HandleFunc("GET /catalog/{network}/{kind}/{id}", d.page(Supervisor, (*visit).itemForm))
	mux.HandleFunc("POST /catalog/{network}/{change}/preview", d.page(Supervisor, (*visit).previewEdit))
	mux.HandleFunc("POST /catalog/{network}/{change}", d.page(Supervisor, (*visit).edit))
	mux.HandleFunc("GET /audit", d.page(Supervisor, (*visit).auditLog))
	mux.HandleFunc("POST /audit", d.page(Supervisor, (*visit).askAudit))
	mux.HandleFunc("POST /act/{network}/{key}/{act}/preview", d.page(Leader, (*visit).previewAct))
	mux.HandleFunc("POST /act/{network}/{key}/{act}", d.page(Leader, (*visit).do))
	mux.HandleFunc("POST /act/{network}/{key}/{act}/propose", d.page(Supervisor, (*visit).propose))
	mux.HandleFunc("GET /second/{network}/{id}", d.page(Viewer, (*visit).second))
	mux.HandleFunc("POST /second/{network}/{id}/{answer}", d.page(Viewer, (*visit).answer))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		v := d.visit(w, r)
		if v.person == nil {
			v.refuse(http.StatusUnauthorized, "sign-in")
			return
		}
		v.refuse(http.StatusNotFound, "not-found")
	})
	return mux
}

func (v *visit) home() {
	to := "/now"
	if v.person.Role == Leader {
		to = "/groups"
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}
