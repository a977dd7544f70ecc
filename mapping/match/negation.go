package match

import "bytes"

// A phrase is silent only where its own clause clearly negates it. What may stand between a negation and a phrase is
// listed here, word by word; whatever else stands there breaks it: "no relief from suicidal thoughts" negates relief.

// Words that negate a phrase that follows in the same clause. Those who deny reach over "that she is"; the others do not.
var (
	deniers  = wordSet("denies denied deny denying denial niega niegan nego negado negando negaba")
	negators = wordSet("no not never without wo neither nor dont doesnt didnt isnt arent wasnt hasnt havent sin nunca ningun ninguna ni tampoco jamas")
	// reversers right before one of these make an affirmation: "does not deny", "never without", "ya no".
	reversers = wordSet("not cannot cant couldnt doesnt didnt dont wont no never nor hardly nunca tampoco ya")
	// passive: "was denied" is no denial; asking: "or not suicidal" is none either.
	passive = wordSet("was were been")
	asking  = wordSet("or if why whether")
	// compelled: unable "to deny" is no denial.
	compelled = wordSet("unable fails failed refuses refused declines declined unwilling")
)

// Words that may stand between.
var (
	// bridges go with the phrase: which, of what, how much. source: assumption
	bridges = wordSet("any a an the of to and or nor either current currently active actively passive acute ongoing prior previous past significant clear overt obvious known documented immediate imminent lifetime ever evidence sign signs indication indications symptom symptoms history hx ho risk concern concerns" +
		" thoughts thought ideation ideations idea ideas intent intention intentions plan plans urge urges impulse impulses desire desires wish attempt attempts tendency tendencies gesture gestures behavior behaviors behaviour behaviours feelings my his her their this following" +
		" ningun ninguna ningunos ningunas algun alguna tipo de del la el los las un una a o u y e ni actual actuales actualmente activa activas activo activos pasiva pasivas previo previos previa previas historia antecedente antecedentes evidencia signos indicios presencia ideacion ideaciones pensamiento pensamientos deseo deseos ganas intencion intenciones intento intentos planes conducta conductas riesgo" +
		" suicidal suicide suicidality suicida suicidas suicidio homicidal homicide homicida homicidas si hi self harm injury injurious harming avh ah vh nssi sib death dying kill killing hurt hurting herself himself myself themselves others other anyone someone else muerte morir autolesion autolesiones autolesivas hacerse dano lastimarse intimate partner domestic violence domestica violencia")
	// verbs of the one clause: after a negation, a person or each other.
	verbs = wordSet("want wants wanted wanting think thinks thinking feel feels feeling felt have has had having is are was were been being be am do does did experience experiences experiencing experienced attempted attempting tried trying intend intends" +
		" report reports reported reporting endorse endorses endorsed endorsing express expresses expressed expressing voice voices voiced voicing verbalize verbalizes verbalized admit admits admitted considered considering contemplating contemplated made" +
		" tiene tenia tener tuvo tenido teniendo ha han haber habido hay hubo presenta presento presentado refiere refirio reporta reporto expresa manifiesta verbaliza muestra existe existen quiere quiero querer quiera desea desear piensa pensar pensado pensando siente intentado esta estado es")
	// beforeVerb: what a verb of the same clause follows.
	beforeVerb = wordSet("that que to or nor ni o se me le currently actively ever actualmente")
	persons    = wordSet("i he she they we you im hes shes theyre youre patient pt client ella el paciente yo")
	// about needs a noun or verb that asks for it: "negative for", "thinking about".
	abouts      = wordSet("for about regarding sobre en")
	beforeAbout = wordSet("negative neg concern concerns evidence thinking think thinks thought thoughts piensa pensar pensado pensando")
	// listNouns stand in a list of what is denied, parted from what follows. source: assumption
	listNouns = wordSet("alcohol drug drugs substance substances use etoh tobacco nicotine smoking vaping cannabis marijuana opioid opioids illicit depression anxiety panic mania psychosis paranoia delusion delusions hallucination hallucinations auditory visual command insomnia nightmares flashbacks" +
		" drogas sustancias consumo tabaco ansiedad depresion mania psicosis delirios alucinaciones auditivas visuales insomnio")
	// resumes begin a new statement after a comma or "and".
	resumes = wordSet("reports report reported endorses endorsed admits admitted states stated says said has had is was were feels felt now currently today wants wanted he she they patient pt refiere reporta admite presenta tiene dice siente quiere ahora hoy paciente")
	ors     = wordSet("or nor ni o u")
	ands    = wordSet("and y e")
)

// What follows a phrase.
var (
	// nouns end what a phrase begins: suicidal ideation.
	nouns = wordSet("ideation ideations thought thoughts intent intention behavior behaviors behaviour behaviours plan plans attempt attempts gesture gestures tendencies urges feelings statements threats acts ideacion ideas pensamientos intento intentos conducta conductas actual actuales activa activas pasiva pasivas")
	// nominal phrases can be items of a list; others are statements of their own.
	nominal   = wordSet("suicide suicides suicidality suicidio suicidios homicide self si hi nssi sib thoughts thought ideas ideacion ideations pensamientos deseos intento overdose overdoses overdosing sobredosis autolesion autolesiones domestic intimate violencia killing hurting harming")
	adjective = wordSet("suicidal suicida suicidas homicidal homicida homicidas")
	linkages  = wordSet("is are was were present ideation ideations thought thoughts intent behavior plan plans es esta son currently")
	answers   = wordSet("denied denies negative none absent no 0 negado negada negados negadas niega negativo negativa ausente ausentes ninguna ninguno nunca never")
	// longAnswers are the same in several words.
	longAnswers = [][]string{{"not", "at", "all"}, {"not", "present"}, {"not", "reported"}, {"not", "endorsed"}, {"para", "nada"}, {"ningun", "dia"}}
	// today: what may stand after an answer or an item of a list without changing it.
	today = wordSet("at this the time today currently now present moment visit hoy en este momento actualmente ahora la el consulta")
	// later undoes a negation: it held until, or holds since. source: assumption
	later    = wordSet("until till before unless except since anymore longer hasta antes excepto salvo desde")
	breakers = wordSet("but however although though except yet despite pero aunque excepto salvo hasta until")
	formerly = wordSet("was were did used previously earlier tuvo tenia antes")
)

// negationReach is how many words may stand between a negator and its phrase. source: assumption
const negationReach = 20

// negated reports whether the sentence clearly negates the phrase of words i to j.
func (s *clause) negated(i, j int) bool {
	for j < len(s.words) && s.words[j].before == apart && nouns.has(s.word(j)) {
		j++
	}
	if s.negatedAfter(j) {
		return true
	}
	// "Suicidal ideation: yes" is a question and its answer, whatever the answer before was.
	if j < len(s.words) && (s.words[j].before == colon || s.words[j].before == cell) {
		return false
	}
	return s.negatedBefore(i, j) && !s.undone(j)
}

// negatedBefore goes back from the phrase, over what may stand between, to what negates.
func (s *clause) negatedBefore(i, j int) bool {
	list, person := false, false
	for k := i - 1; k >= 0 && i-k <= negationReach; k-- {
		w, after := s.word(k), s.words[k+1].before
		denies := deniers.has(w) || negativeFor(w, s.word(k+1))
		negates := negators.has(w) && (!ors.has(w) || !list && k == i-1)
		switch {
		case after >= cell, after == dashed, after == colon && !denies && string(w) != "following":
			return false
		case after == listed && (denies || negates):
			return false // an answer to something else: "no, she wants to die"
		case denies:
			return !s.reversed(k) && (!list || s.item(i, j))
		case negates:
			return !person && !s.reversed(k) && !s.commands(k, i) && (!list || s.item(i, j))
		case resumes.has(w) && (s.words[k].before == listed || k > 0 && ands.has(s.word(k-1))):
			return false
		case !s.bridged(k):
			return false
		}
		list = list || after == listed || ands.has(w)
		person = person || persons.has(w)
	}
	return false
}

// bridged reports whether word k may stand between a negation and a phrase.
func (s *clause) bridged(k int) bool {
	w := s.word(k)
	var left []byte
	if k > 0 {
		left = s.word(k - 1)
	}
	switch {
	case verbs.has(w):
		return negators.has(left) || deniers.has(left) || verbs.has(left) || persons.has(left) || beforeVerb.has(left)
	case bridges.has(w), string(w) == "that", string(w) == "que":
		return true
	case persons.has(w):
		return deniers.has(left) || beforeVerb.has(left)
	case abouts.has(w):
		return beforeAbout.has(left)
	case listNouns.has(w):
		next := s.word(k + 1)
		return s.words[k+1].before == listed || ors.has(next) || ands.has(next) || listNouns.has(next) || string(next) == "of" || string(next) == "de"
	}
	return false
}

// reversed: what stands right before a negation takes it back.
func (s *clause) reversed(k int) bool {
	if k == 0 || s.words[k].before != apart {
		return false
	}
	left := s.word(k - 1)
	if string(left) == "to" {
		return k > 1 && compelled.has(s.word(k-2))
	}
	w := s.word(k)
	return reversers.has(left) || deniers.has(w) && passive.has(left) || string(w) == "not" && asking.has(left)
}

// negativeFor denies as a verb does: "negative for suicidal thoughts".
func negativeFor(w, next []byte) bool {
	return string(next) == "for" && (string(w) == "negative" || string(w) == "neg")
}

// commands: "promises not to kill himself", "para no matarse": who must promise it is at risk.
func (s *clause) commands(k, i int) bool {
	next := s.word(k + 1)
	return string(next) == "to" || k+1 == i && string(s.word(k)) == "no" && (bytes.HasSuffix(next, []byte("rse")) || bytes.HasSuffix(next, []byte("rme")))
}

// item reports whether the phrase of words i to j is one item of a list, and nothing more is said of it.
func (s *clause) item(i, j int) bool {
	if i > 0 && ors.has(s.word(i-1)) {
		return true
	}
	w := s.word(i)
	joined := j < len(s.words) && (ors.has(s.word(j)) || ands.has(s.word(j)))
	if adjective.has(w) {
		if j == i+1 && !joined && !(i > 0 && nouns.has(s.word(i-1))) {
			return false
		}
	} else if !nominal.has(w) {
		return false
	}
	for j < len(s.words) && s.words[j].before == apart && today.has(s.word(j)) {
		j++
	}
	return j == len(s.words) || s.words[j].before >= listed || joined
}

// undone: what follows the phrase says that the negation held once, or holds since.
func (s *clause) undone(j int) bool {
	for ; j < len(s.words); j++ {
		w := s.word(j)
		switch {
		case s.words[j].before >= dashed:
			return false
		case breakers.has(w):
			return later.has(w) || j+1 < len(s.words) && formerly.has(s.word(j+1))
		case later.has(w):
			return true
		case s.words[j].before == listed, ands.has(w):
			return false
		}
	}
	return false
}

// negatedAfter: "suicidal ideation: denied", "ideas suicidas: no", an answer that ends the clause.
func (s *clause) negatedAfter(j int) bool {
	for j < len(s.words) && s.words[j].before == apart && linkages.has(s.word(j)) {
		j++
	}
	n := s.answer(j)
	if n == 0 || s.words[j].before == newLine {
		return false
	}
	for j += n; j < len(s.words) && s.words[j].before == apart && today.has(s.word(j)); {
		j++
	}
	return j == len(s.words) || s.words[j].before >= listed && !breakers.has(s.word(j))
}

// answer is how many words from j on are an answer that negates.
func (s *clause) answer(j int) int {
	if j >= len(s.words) {
		return 0
	}
	for _, long := range longAnswers {
		n := 0
		for n < len(long) && j+n < len(s.words) && string(s.word(j+n)) == long[n] {
			n++
		}
		if n == len(long) {
			return n
		}
	}
	if answers.has(s.word(j)) {
		return 1
	}
	return 0
}
