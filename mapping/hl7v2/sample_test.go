package hl7v2

import (
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Messages that hold everything that is read, of invented people.
const (
	sampleReferral = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261109083000-0500||REF^I12^REF_I12|HB-1|P|2.5.1||||||UNICODE UTF-8
RF1|P^Pending^HL70283|A^ASAP^HL70280|CBT^CBT group^99CONVENEPROGRAM|||R-77^HARBOR^1.2.3.4^ISO|20261109||20261108120000-0500|SLEEP^Sleep^99CONVENEGOAL|X-1^PAYER|||Wants company||||||||||Call after six
PRD|RP^Referring Provider^HL70286|REYES^TOMAS^^^DR|||^WPN^PH^^^413^5550100||1234567893^NPI|||NORTHSIDE CLINIC^^^^^^NPI^^^1987654326|||^WPN^PH^^^^^^^^^413-555-0101
PRD|RT^Referred to Provider^HL70286|OTHER^ONE
PID|1||M-100^^^HARBOR&2.16.840.1.113883.3.1&ISO^MR~123-45-6789^^^USSSA^SS||QUILL&van^ADA^MAE^^^^L~OLD^ADA^^^^^M||19680417|F|||1 Elm St&Elm^Apt 2^AMHERST^MA^01002^USA^H||^PRN^CP^^1^413^5550142||SPA||||||||||||||20261101|N||||||||||^NET^Internet^ada@example.org
NK1|1|QUILL^ABE|SPO
IN1|1|MEDICARE^Medicare|CMS-1
DG1|1||J44.9^COPD^I10^13645005^Chronic obstructive lung disease^SCT||20250301|F
DG1|2||F32.1^Depression^I10|Low mood|202503|W|||||||||||||||U
OBX|1|NM|44261-6^PHQ-9 total^LN||14|{score}|||||F|||20261102
OBX|2|CWE|44260-8^PHQ-9 item 9^LN||LA6568-5^Not at all^LN||||||F
OBX|3|TX|X^Story^L||first line||||||F
OBX|4|TX|X^Story^L||second line||||||F
NTE|1||Prefers mornings
NTE|2||but not Mondays
PV1|1|O
ZHB|1|kept`

	sampleCancel = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261110083000-0500||REF^I14^REF_I14|HB-2|P|2.5.1||||||UNICODE UTF-8
RF1||||||R-77^HARBOR^1.2.3.4^ISO||||||||||||||||||Moved away
PRD|RP|REYES^TOMAS
PID|1||M-100^^^HARBOR^MR`

	sampleOrder = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261109083000-0500||OMG^O19^OMG_O19|HB-3|P|2.5.1||||||UNICODE UTF-8
PID|1||M-100^^^HARBOR^MR||QUILL^ADA||19680417|F|||1 Elm St^^AMHERST^MA^01002^USA^H||^PRN^PH^^1^413^5550142||en||||||||||||||20261101|N||||||||||ada@example.org^NET^Internet
IN1|1||CMS-1
ORC|NW|O-5^HARBOR|||||^^^^^S||20261108|||1234567893^REYES^TOMAS^^^^^^^^^^NPI|||||||||NORTHSIDE CLINIC
TQ1|1||||||||U
OBR|1|O-5^HARBOR||CBT^CBT group^99CONVENEPROGRAM|||||||||Short of breath|||99^NOBODY
DG1|1||J44.9^COPD^I10|COPD|2025|F|||||||||||||||A
OBX|1|NM|44261-6^PHQ-9 total^LN||14|{score}|||||F|||20261102
NTE|1||Prefers mornings
PV1|1|O
ORC|RE|O-1^HARBOR
OBX|1|TX|X^Story^L||of last year||||||F`

	sampleRecall = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261109083000-0500||OSU^O51^OSU_O51|HB-4|P|2.5.1||||||UNICODE UTF-8
PID|1||M-100^^^HARBOR^MR
ORC|SC|O-5^HARBOR|||CA|||||||||||LOST^Lost interest^L
OBR|1|O-6^HARBOR`

	sampleUpdate = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261109083000-0500||ADT^A08^ADT_A01|HB-6|P|2.5.1||||||UNICODE UTF-8
EVN||20261109083000-0500
PID|1||M-100^^^HARBOR^MR||QUILL^ADA||20120417|F|||^^AMHERST^MA^01002||^PRN^PH^^1^413^5550142||es||||||||||||||20261101|N||||||||||^NET^Internet^ada@example.org
NK1|1|QUILL^EVA|MTH||^PRN^PH^^1^413^5550143`

	sampleMerge = `MSH|^~\&|HARBOR|HARBOR CLINIC|CONVENE|MEADOW|20261109083000-0500||ADT^A40^ADT_A39|HB-5|P|2.5.1||||||UNICODE UTF-8
EVN||20261109083000-0500
PID|1||M-100^^^HARBOR^MR||QUILL^ADA
MRG|M-99^^^HARBOR^MR`
)

// sampleContext is what may stand around a referral, of one whose plan IN1 does not say.
const sampleContext = `
NK1|2|QUILL^EVA|GRD
NK1|3|QUILL^EVA|SPO||||1
AUT|HMO-1|||20260101|20270101|N-1|||8
AL1|1|DA|1^Latex^L|SV^Severe|Rash
OBX|9|ED|1^Letter||^AP^PDF^Base64^VGhp
CON|1||||||||No names||L||||20270101
CON|2||||||||||A||20261108||||||||||||2
PR1|1||33533^Bypass^C4||20260801`

// decodeText decodes a message written with line feeds.
func decodeText(text string) mapping.Decoded {
	return Decode(mapping.Input{Network: "meadow", Source: "harbor", Sequence: 1, Data: []byte(strings.ReplaceAll(text, "\n", "\r"))})
}
