package match

import "strings"

// phraseText by rule. Words are folded: lower case, no accents, no apostrophes; hyphens part words. "a|b" is either, "suicid*"
// any word that begins so, "$self" any word of that class, "..." up to three words that do not matter, and "." the end of the clause.
// source: assumption, after the wording of PHQ-9 item 9, of the C-SSRS and of chart notes.
var phraseText = map[string][]string{
	RuleTextSelfHarm: {
		"suicid*", "nonsuicid*", "parasuicid*", "suiside|sucidal|sucide|suicde|suacide", "overdos*", "overdosis", "unaliv*", "kms", "nssi", "noose",
		"$harm $self", "$harm his|her|my|their|him|your self|herself", "selfharm*|selfinjur*|selfmutilat*",
		"self harm*|injur*|mutilat*|cutting|inflict*|poison*|hanging|immolat*|hurt*",
		"$self on purpose", "$self deliberately|intentionally", "deliberately|intentionally $harm $self",
		"do|doing $self in|harm", "to|of|about off|offing $self", "do|did|doing something to $self", "do|doing something stupid|drastic|rash", "do|doing away with $self",
		"od attempt|intentionally", "intentional|attempted|deliberate od|ingestion", "odd on",
		"better off dead", "better dead", "better|happier|easier without me|him|her", "better|happier off without me|him|her|them",
		"better|happier|easier ... if ... dead|gone|alive|around|existed|born", "be|were|was dead",
		"$want ... to die", "$want ... dead", "would rather die", "rather die|dead", "ready|waiting|hoping|hopes|hoped|praying|prays|prayed|prepared ... to|for die|death", "tried|tries|trying|attempted to die|end|hang|drown|overdose",
		"plan|plans|planning|planned to die|overdose|jump|hang", "death wish", "wish|wishes|wished|pray|prays|praying for death", "deserve|deserves|deserved to die", "feel|feels|felt like dying",
		"$want ... not|never ... wake|waking|exist", "not|dont|doesnt|didnt|no want|wish|wanting ... wake|exist|living", "sleep ... not|never wake", "never wake|waking up", "not waking up", "sleep|asleep forever", "never|not been born", "never|not born",
		"end|ends|ending|take|takes|taking|took|taken $my life|lives", "end|ends|ending|take|takes|taking|took|taken $my own life|lives", "end|ended|ending|take|took ones life", "attempt|attempts|attempted on|against $my|own life|own",
		"end|ends|ending it", "end|ends|ending everything", "it all to|was|were ... over|end|stop",
		"no|any|little|see reason|reasons to live", "no reason|point|use to|in ... go|going|keep|keeping on", "not|nothing|hardly|isnt|wasnt worth living", "nothing to live for", "no|the|any point in|of|to living|life|live", "no|lost|lacks|without ... will|desire|wish to live", "tired|sick|weary of living|life", "tired|sick|weary of being alive", "done with life|living", "give|gave|given|giving up on life|living",
		"cannot|cant|couldnt go|keep on .", "cannot|cant|couldnt go|keep on living|like|anymore", "cannot|cant|couldnt keep living|going", "dont|doesnt|didnt|not want|wish|wanting to live|exist", "dont|doesnt|didnt|not want|wish|wanting to go on", "dont|doesnt|didnt|not want|wish|wanting to be|stay alive|here", "stop living|existing", "cease to exist", "disappear forever",
		"thought|thoughts|thinks|thinking|think|talks|talking|talked|ideas of|about death|dying|suicide|ending|jumping|hanging|overdosing",
		"hang|hanging|shoot|shooting|drown|drowning $self", "jump|jumps|jumping|jumped ... bridge|building|roof|balcony|overpass|cliff|train|traffic", "jump|jumping|step|stepping|walk|walking|run|running in|into front|traffic|oncoming", "drive|driving|drove|crash|crashing ... off|into bridge|tree|wall|cliff|pole",
		"drive|driving|drove|crash|crashing ... off|into a|the|an bridge|tree|wall|cliff|pole|river", "slit|slits|slitting|cut|cuts|cutting ... wrist|wrists|throat", "cuts|cutting ... arm|arms|forearm|forearms|thigh|thighs|legs|skin",
		"bottle|handful|bunch|fistful of pills|tablets|tylenol|medication|meds", "took|taken|swallow*|ingest* ... many|handful|bottle|whole|bunch|entire ... pills|tablets|medication|meds|insulin", "took|swallowed all ... pills|tablets|meds|medication", "stockpil*|hoard|hoards|hoarded|hoarding|stash*|saving ... pills|tablets|meds|medication|medications|insulin", "drank|drink|drinking|swallowed|ingested bleach|antifreeze|poison", "rat poison",
		"gun|pistol|rifle|knife to|in|against $my head|mouth|temple|throat|wrist", "gun|pistol|rifle|knife on $self", "use|using|used|turn|turning|turned ... on $self", "danger|risk|harm|threat|harmful|injury to|of|towards|toward $self|self", "goodbye|farewell letter|letters|note|notes", "good bye letter|letters|note|notes", "gave|gives|giving|give away ... belongings|possessions",
		"voice|voices ... tell|telling|tells|told|say|saying ... kill|hurt|harm|die|jump|cut|end", "called|calls|calling|texted ... 988",
		"$reflexive", "hacerse|hacerme|haciendose dano", "se|me hace|hizo|hago|hice|haga dano", "dano a|contra si|mi mismo|misma", "se|me|te $quiere ... matar|morir|ahorcar|colgar|suicidar|lastimar|envenenar|disparar|danar", "se|me $quiere tirar|aventar|lanzar|arrojar|cortar",
		"autoles*", "autolit*", "autoagre*", "autodestru*", "autoinflig*", "automutil*", "autocort*",
		"quitarse|quitarme|quitar|quito|quitarte la vida", "acabar|terminar|termino|acabo con su|mi|la|esta vida", "acabar|terminar con todo", "fin a|de su|mi|esta vida", "contra su|mi vida", "contra su|mi propia vida", "atentar|atento contra",
		"$desea ... morir*", "$desea ... no ... despertar*", "deseo|deseos|ganas|ideas|idea|ideacion|pensamientos|pensamiento de|sobre ... morir*|muerte|matar*|suicid*|hacer*|lastimar*", "ganas|pensado|piensa|pienso|pensando|pensaba|penso|hablo|habla en|de morir*|matar*|quitar*|ahorcar*|colgar*|muerte|desaparecer", "piensa|pienso|pensando|pensaba en la muerte",
		"mejor muerto|muerta|morir", "estar|estuviera|estuviese muerto|muerta", "mejor si ... muerto|muerta|estuviera|muriera|existiera", "mejor sin mi|el|ella", "ojala ... muera|muriera|muerto|muerta|despertar*|despierte", "no ... haber nacido", "no despertar*", "dormir para siempre", "dormirse|dormir|dormirme y no|nunca despertar*",
		"no|ni $desea vivir|existir|despertar*", "no|ni $desea seguir|continuar viviendo|vivo|viva|adelante|asi|con|aqui", "no|ni $desea estar|vivir|seguir aqui|vivo|viva|mas", "seguir|sigue|sigo viviendo", "no|sin|perdio|perdido|pocas ... ganas de vivir", "razon|razones|motivo|motivos|sentido para|de vivir|seguir|viviendo", "vida ... no ... tiene|vale|sentido", "vale la pena vivir|seguir", "cansado|cansada|harto|harta de vivir", "cansado|cansada|harto|harta de la|esta vida",
		"sobredosis", "sobre dosis", "frasco|punado|monton|bote|caja|blister de pastillas|pildoras|tabletas|medicamentos|medicinas", "tomo|tomarse|ingirio|trago|tragarse|bebio|tomarme ... veneno|cloro|lejia|raticida|insecticida|plaguicida|herbicida", "ingesta|ingestion|intoxicacion intencional|voluntaria|deliberada", "se|me tomo|tome|trago|trague|bebio ... muchas|todas|todo ... pastillas|pildoras|medicamentos|insulina",
		"pegarse|pegarme|darse|darme|meterse ... tiro|balazo", "se|me corta|corto|cortaba|cortado ... brazos|brazo|munecas|venas|piernas|muslos|antebrazos|piel", "cortarse|cortarme|cortar ... venas|munecas", "tirarse|tirarme|lanzarse|aventarse|arrojarse|saltar|brincar ... puente|tren|edificio|balcon|techo|metro|carro|carros", "peligro|riesgo para si|ella|el mismo|misma", "carta|cartas|nota|mensaje de despedida", "voces ... mate|matarse|muera|lastime|corte|ordenan|mata", "$desea desaparecer", "desaparecer para siempre",
	},
	RuleTextViolence: {
		"homicid*",
		"want|wants|wanted|wanting|going|threaten|threatens|threatened|threatening|threats|plan|plans|planning|planned|thoughts|thought|thinks|thinking|think|ideas|fantasies|fantasizes|urge|urges|intends|intent|ready|tried|tries|trying|vowed|vows|swore to|of|about kill|hurt|harm|shoot|stab|strangle|murder|killing|hurting|harming|shooting|stabbing|murdering $other|my|his|the|your",
		"will|would|gonna|wanna|might|could kill|shoot|stab|strangle|murder $other", "kill|shoot|stab|strangle|murder|killing|shooting|stabbing $his $kin", "kill|hurt|harm|killing|hurting|harming|stab|stabbing|shoot|shooting $person", "might|may|could|will hurt|harm $person",
		"shoot|shooting|blow|burn up|at|down ... school|work|office|everyone|people|clinic|place", "danger|threat|harm|risk to|of other|others|public|staff|people|community", "bring|brought|brings|carries|carry|carrying ... gun|knife|weapon|machete to|into|at",
		"hit|hits|hitting|beat|beats|beating|punched|punches|slapped|slaps|choked|chokes $his $kin",
		"matar|asesinar|apunalar|balear a|al", "hacer|hacerle|hacerles dano a|al", "lastimar|golpear|agredir|herir a|al", "amenaz* ... matar*|lastimar*|muerte|cuchillo|arma|pistola|machete|quemar*", "quiere|quiero|va|voy|piensa|pensaba|planea|ganas|ideas|pensamientos ... matarlo|matarla|matarlos|matarlas|lastimarlo|lastimarla|golpearlo|golpearla|hacerle",
		"ideas|pensamientos|ganas|ideacion de matar|lastimar|golpear|agredir|violencia", "peligro|riesgo|amenaza para|de otros|terceros|los|su", "pega|golpea|golpeo|pego|agrede|agredio a su|sus|mi|mis|los|la esposa|hijo|hijos|hija|hijas|mujer|madre|pareja|padre|novia|ninos",
	},
	RuleTextAbuse: {
		"domestic violence|abuse|assault", "intimate partner violence|abuse", "ipv", "dv", "battered", "spousal|partner|dating|marital violence|abuse|assault|rape", "restraining|protective|protection order", "order of protection",
		"abused|beaten|hit|choked|strangled|assaulted|raped|attacked|threatened|stalked|punched|slapped|kicked|hurt|stabbed|controlled|burned|shoved|pushed by ... $partner", "abused|beaten|choked|strangled|raped|stalked by him|her|them", "being abused|beaten|battered|strangled|stalked|choked", "abusive|violent|controlling|threatening $partner|relationship|marriage|household",
		"afraid|scared|fear|fears|fearful|terrified|frightened of ... $partner", "afraid|scared|fear|fears|fearful|terrified|frightened to go home", "fears|fear $his $partner", "$partner ... hits|beats|hurts|threatens|chokes|slaps|punches|kicks|strangles|abuses|rapes|stalks|shoves|assaults", "$partner ... hit|beat|hurt|threatened|choked|slapped|punched|kicked|strangled|abused|raped|shoved|assaulted|attacked|stabbed|burned me|her|him|them",
		"he|they|she beats|chokes|choked|slaps|slapped|punches|punched|kicks|kicked|strangles|strangled|threatens|threatened|rapes|raped|abuses|abused|stalks|shoves|shoved me|her|him|us", "he|they hits|hit|beat me|her|us", "she|they hits|hit|beat me|him|us", "pushed|threw me|her|him down|against|into|onto|off",
		"$partner is abusive|violent|controlling|threatening", "unsafe at|with|around home|him|her|$partner", "unsafe with|around $his $partner", "not|never|doesnt|dont ... safe at|in|with|around home|house|him|$his|$partner", "forces|forced|forcing ... sex", "womens|battered|domestic shelter", "stalking|stalks|stalker",
		"violencia domestica|intrafamiliar|conyugal|machista|familiar", "violencia de|en|por ... genero|pareja", "violencia fisica", "maltrat*", "abuso conyugal|domestico", "orden de proteccion|alejamiento|restriccion",
		"miedo|temor|temo|teme|temor|terror a|de|al|hacia ... $pareja", "$pareja ... le|la|lo|me|nos pega|pego|pegaba|golpea|golpeo|golpeaba|amenaza|amenazo|ahorca|ahorco|patea|viola|violo|empuja|insulta|cela|controla|maltrata|lastima", "$pareja es|era|muy violento|violenta|agresivo|agresiva|celoso",
		"me|la|lo|nos pega|pego|pegaba|golpea|golpeo|golpeaba|ahorca|ahorco|patea|pateo|maltrata|viola|violo", "golpead*|agredid*|amenazad*|violad*|apunalad*|estrangulad*|abusad*|quemad*|empujad*|insultad* por ... $pareja", "golpead* por el|ella|su", "no ... segura|seguro en casa|su",
	},
}

// classes of words that phrases name.
var classes = map[string]string{
	"$self":    "myself|himself|herself|themselves|themself|yourself|oneself|hisself|ourselves|self",
	"$my":      "my|his|her|their|your",
	"$his":     "his|her|my|their",
	"$want":    "want|wants|wanted|wanting|wish|wishes|wished|wishing|wanna|longs|longing|prefer|prefers|hope|hopes|hoping|hoped|prays|praying",
	"$harm":    "kill|kills|killed|killing|hurt|hurts|hurting|harm|harms|harmed|harming|cut|cuts|cutting|injure|injures|injured|injuring|hang|hangs|hanged|hung|hanging|shoot|shoots|shot|shooting|stab|stabs|stabbed|stabbing|drown|drowned|drowning|poison|poisons|poisoned|poisoning|burn|burns|burned|burnt|burning|gas|gassed|gassing|strangle|strangled|strangling|suffocate|suffocated|starve|starves|starving|punish|punishes|punishing|scratch|scratches|scratching|end|ending|destroy|mutilate|mutilates|mutilating|immolate",
	"$other":   "him|her|them|someone|somebody|others|people|everyone|everybody|anyone|strangers|women|men|children|kids|coworkers|us",
	"$person":  "someone|somebody|others|people|them|everyone|everybody|strangers",
	"$partner": "husband|wife|partner|boyfriend|girlfriend|spouse|ex|fiance|fiancee|exhusband|exwife",
	"$pareja":  "marido|esposo|esposa|pareja|novio|novia|exmarido|exesposo|exesposa|expareja|exnovio|companero|companera|conyuge|concubino",
	"$quiere":  "quiere|quiero|queria|quise|quiso|quisiera|desea|deseo|desearia|deseaba|deseos|querer|preferiria|prefiere|intento|intenta|intentaba|trato|va|voy|iba|piensa|pensaba|planea|puede|quieren|quiera",
	"$desea":   "quiere|quiero|queria|quise|quiso|quisiera|desea|deseo|desearia|deseaba|deseos|querer|preferiria|prefiere|quieren|quiera",
	"$kin":     "wife|husband|girlfriend|boyfriend|partner|child|children|kids|kid|son|daughter|mother|father|brother|sister|baby|mom|dad|parents|family|roommate|neighbour|neighbor|coworker|boss|landlord|doctor|nurse|teacher|ex|whole",
	"$reflexive": "matarse|matarme|matarte|suicidarse|lastimarse|lastimarme|cortarse|cortarme|ahorcarse|ahorcarme|colgarse|colgarme|envenenarse|envenenarme|dispararse|dispararme|herirse|danarse|" +
		"desangrarse|degollarse|apunalarse|ahorco|ahorcado|ahorcandose|cortandose|matandose|lastimandose|hiriendose",
}

// gapMax is how many words "..." stands for at most. source: assumption
const gapMax = 3

// element is one place of a phrase: the words that may stand there, and whether others may come before.
type element struct {
	words, stems []string
	gap          bool
	last         bool // no word: the clause ends here
}

func (e *element) has(w []byte) bool {
	for _, a := range e.words {
		if string(w) == a {
			return true
		}
	}
	for _, a := range e.stems {
		if len(w) >= len(a) && string(w[:len(a)]) == a {
			return true
		}
	}
	return false
}

// phrase of a rule, without its first word.
type phrase struct {
	rule string
	rest []element
}

// stemmed is a phrase whose first word begins with a stem.
type stemmed struct {
	stem string
	phrase
}

// lexicon finds phrases by their first word.
type lexicon struct {
	byWord map[string][]phrase
	byStem [26][]stemmed // by first letter
	pairs  [26 * 26]bool // the two letters with which first words begin
}

var phrases = compilePhrases(phraseText)

// begins reports whether a phrase may begin with a word of two bytes at least.
func (l *lexicon) begins(w []byte) bool {
	a, b := w[0]-'a', w[1]-'a'
	return a < 26 && b < 26 && l.pairs[int(a)*26+int(b)]
}

func compilePhrases(byRule map[string][]string) *lexicon {
	l := &lexicon{byWord: map[string][]phrase{}}
	for _, rule := range []string{RuleTextSelfHarm, RuleTextViolence, RuleTextAbuse} {
		for _, text := range byRule[rule] {
			elements := compilePhrase(text)
			p := phrase{rule, elements[1:]}
			for _, first := range elements[0].words {
				l.byWord[first] = append(l.byWord[first], p)
				l.pairs[int(first[0]-'a')*26+int(first[1]-'a')] = true
			}
			for _, stem := range elements[0].stems {
				at := stem[0] - 'a'
				l.byStem[at] = append(l.byStem[at], stemmed{stem, p})
				l.pairs[int(at)*26+int(stem[1]-'a')] = true
			}
		}
	}
	for _, two := range []string{"si", "hi"} { // abbreviations
		l.pairs[int(two[0]-'a')*26+int(two[1]-'a')] = true
	}
	return l
}

func compilePhrase(text string) (elements []element) {
	gap := false
	for part := range strings.FieldsSeq(text) {
		if part == "..." {
			gap = true
			continue
		}
		e := element{gap: gap, last: part == "."}
		gap = false
		for _, word := range strings.Split(part, "|") {
			for _, w := range strings.Split(classOr(word), "|") {
				if stem, ok := strings.CutSuffix(w, "*"); ok {
					e.stems = append(e.stems, stem)
				} else {
					e.words = append(e.words, w)
				}
			}
		}
		elements = append(elements, e)
	}
	return elements
}

// classOr gives the words of a class, or the word itself.
func classOr(word string) string {
	if words, ok := classes[word]; ok {
		return words
	}
	return word
}
