package hl7v2

import "strings"

// names of segments and of their fields, from field 1, as HL7 v2.9 calls them; what is withdrawn has the name it had. Only
// segments of which Convene reads something, or which people look for in a referral, have their fields named.
// Source: HL7 v2.9 chapters 2 to 6 and 11, as published with the v2-to-FHIR guide.
var names = map[string]segmentNames{
	"MSH": named("Message Header", "Field Separator|Encoding Characters|Sending Application|Sending Facility|Receiving Application|Receiving Facility|Date/Time of Message|Security|Message Type|Message Control ID|Processing ID|Version ID|Sequence Number|Continuation Pointer|Accept Acknowledgment Type|Application Acknowledgment Type|Country Code|Character Set|Principal Language of Message|Alternate Character Set Handling Scheme|Message Profile Identifier|Sending Responsible Organization|Receiving Responsible Organization|Sending Network Address|Receiving Network Address|Security Classification Tag|Security Handling Instructions|Special Access Restriction Instructions"),
	"RF1": named("Referral Information", "Referral Status|Referral Priority|Referral Type|Referral Disposition|Referral Category|Originating Referral Identifier|Effective Date|Expiration Date|Process Date|Referral Reason|External Referral Identifier|Referral Documentation Completion Status|Planned Treatment Stop Date|Referral Reason Text|Number of Authorized Treatments/Units|Number of Used Treatments/Units|Number of Schedule Treatments/Units|Remaining Benefit Amount|Authorized Provider|Authorized Health Professional|Source Text|Source Date|Source Phone|Comment|Action Code"),
	"AUT": named("Authorization Information", "Authorizing Payor, Plan ID|Authorizing Payor, Company ID|Authorizing Payor, Company Name|Authorization Effective Date|Authorization Expiration Date|Authorization Identifier|Reimbursement Limit|Requested Number of Treatments|Authorized Number of Treatments|Process Date"),
	"PRD": named("Provider Data", "Provider Role|Provider Name|Provider Address|Provider Location|Provider Communication Information|Preferred Method of Contact|Provider Identifiers|Effective Start Date of Provider Role|Effective End Date of Provider Role|Provider Organization Name and Identifier|Provider Organization Address|Provider Organization Location Information|Provider Organization Communication Information|Provider Organization Method of Contact"),
	"PID": named("Patient Identification", "Set ID|Patient ID|Patient Identifier List|Alternate Patient ID|Patient Name|Mother's Maiden Name|Date/Time of Birth|Administrative Sex|Patient Alias|Race|Patient Address|County Code|Phone Number - Home|Phone Number - Business|Primary Language|Marital Status|Religion|Patient Account Number|SSN Number|Driver's License Number|Mother's Identifier|Ethnic Group|Birth Place|Multiple Birth Indicator|Birth Order|Citizenship|Veterans Military Status|Nationality|Patient Death Date and Time|Patient Death Indicator|Identity Unknown Indicator|Identity Reliability Code|Last Update Date/Time|Last Update Facility|Taxonomic Classification Code|Breed Code|Strain|Production Class Code|Tribal Citizenship|Patient Telecommunication Information"),
	"MRG": named("Merge Patient Information", "Prior Patient Identifier List|Prior Alternate Patient ID|Prior Patient Account Number|Prior Patient ID|Prior Visit Number|Prior Alternate Visit ID|Prior Patient Name"),
	"NK1": named("Next of Kin", "Set ID|Name|Relationship|Address|Phone Number|Business Phone Number|Contact Role"),
	"IN1": named("Insurance", "Set ID|Health Plan ID|Insurance Company ID|Insurance Company Name|Insurance Company Address|Insurance Co Contact Person|Insurance Co Phone Number|Group Number|Group Name|Insured's Group Emp ID|Insured's Group Emp Name|Plan Effective Date|Plan Expiration Date|Authorization Information|Plan Type|Name of Insured|Insured's Relationship to Patient|Insured's Date of Birth|Insured's Address"),
	"DG1": named("Diagnosis", "Set ID|Diagnosis Coding Method|Diagnosis Code|Diagnosis Description|Diagnosis Date/Time|Diagnosis Type|Major Diagnostic Category|Diagnostic Related Group|DRG Approval Indicator|DRG Grouper Review Code|Outlier Type|Outlier Days|Outlier Cost|Grouper Version and Type|Diagnosis Priority|Diagnosing Clinician|Diagnosis Classification|Confidential Indicator|Attestation Date/Time|Diagnosis Identifier|Diagnosis Action Code|Parent Diagnosis"),
	"AL1": named("Patient Allergy Information", "Set ID|Allergen Type Code|Allergen Code|Allergy Severity Code|Allergy Reaction Code|Identification Date"),
	"ORC": named("Common Order", "Order Control|Placer Order Number|Filler Order Number|Placer Order Group Number|Order Status|Response Flag|Quantity/Timing|Parent Order|Date/Time of Order Event|Entered By|Verified By|Ordering Provider|Enterer's Location|Call Back Phone Number|Order Effective Date/Time|Order Control Code Reason|Entering Organization|Entering Device|Action By|Advanced Beneficiary Notice Code|Ordering Facility Name"),
	"TQ1": named("Timing/Quantity", "Set ID|Quantity|Repeat Pattern|Explicit Time|Relative Time and Units|Service Duration|Start Date/Time|End Date/Time|Priority|Condition Text|Text Instruction"),
	"OBR": named("Observation Request", "Set ID|Placer Order Number|Filler Order Number|Universal Service Identifier|Priority|Requested Date/Time|Observation Date/Time|Observation End Date/Time|Collection Volume|Collector Identifier|Specimen Action Code|Danger Code|Relevant Clinical Information|Specimen Received Date/Time|Specimen Source|Ordering Provider|Order Callback Phone Number"),
	"OBX": named("Observation/Result", "Set ID|Value Type|Observation Identifier|Observation Sub-ID|Observation Value|Units|Reference Range|Interpretation Codes|Probability|Nature of Abnormal Test|Observation Result Status|Effective Date of Reference Range|User Defined Access Checks|Date/Time of the Observation|Producer's ID|Responsible Observer|Observation Method"),
	"NTE": named("Notes and Comments", "Set ID|Source of Comment|Comment|Comment Type|Entered By|Entered Date/Time|Effective Start Date|Expiration Date"),
	"CON": named("Consent", "Set ID|Consent Type|Consent Form ID|Consent Form Number|Consent Text|Subject-specific Consent Text|Consent Background Information|Subject-specific Consent Background|Consenter-imposed Limitations|Consent Mode|Consent Status|Consent Discussion Date/Time|Consent Decision Date/Time|Consent Effective Date/Time|Consent End Date/Time|Subject Competence Indicator|Translator Assistance Indicator|Language Translated To|Informational Material Supplied Indicator|Consent Bypass Reason|Consent Disclosure Level|Consent Non-disclosure Reason|Non-subject Consenter Reason|Consenter ID|Relationship to Subject"),
	"PV1": named("Patient Visit", "Set ID|Patient Class|Assigned Patient Location|Admission Type|Preadmit Number|Prior Patient Location|Attending Doctor|Referring Doctor|Consulting Doctor|Hospital Service"),
	"EVN": named("Event Type", "Event Type Code|Recorded Date/Time|Date/Time Planned Event|Event Reason Code|Operator ID|Event Occurred|Event Facility"),
	"SFT": named("Software", "Software Vendor Organization|Software Certified Version or Release Number|Software Product Name|Software Binary ID|Software Product Information|Software Install Date"),
	"ACC": {Title: "Accident"}, "ARV": {Title: "Access Restriction"}, "BHS": {Title: "Batch Header"}, "BLG": {Title: "Billing"},
	"BTS": {Title: "Batch Trailer"}, "CTD": {Title: "Contact Data"}, "DRG": {Title: "Diagnosis Related Group"},
	"FHS": {Title: "File Header"}, "FT1": {Title: "Financial Transaction"}, "FTS": {Title: "File Trailer"},
	"GSC": {Title: "Sex Parameter for Clinical Use"}, "GSP": {Title: "Gender Identity and Pronouns"}, "GSR": {Title: "Recorded Gender and Sex"},
	"GT1": {Title: "Guarantor"}, "IN2": {Title: "Insurance, Additional Information"}, "IN3": {Title: "Insurance, Certification"},
	"PD1": {Title: "Patient Additional Demographic"}, "PR1": named("Procedures", "Set ID|Procedure Coding Method|Procedure Code|Procedure Description|Procedure Date/Time"), "PRT": {Title: "Participation Information"},
	"PV2": {Title: "Patient Visit, Additional Information"}, "SAC": {Title: "Specimen Container Detail"}, "SPM": {Title: "Specimen"},
	"TQ2": {Title: "Timing/Quantity Relationship"}, "UAC": {Title: "User Authentication Credential"},
}

type segmentNames struct {
	Title  string
	Fields []string
}

func named(title, fields string) segmentNames {
	return segmentNames{title, strings.Split(fields, "|")}
}

// Title of a segment, "" where it has none here, as a Z segment.
func Title(segment string) string { return names[segment].Title }

// FieldName of field n of a segment, "" where it has none here.
func FieldName(segment string, n int) string {
	if all := names[segment].Fields; n >= 1 && n <= len(all) {
		return all[n-1]
	}
	return ""
}
