package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Invented family names, of sounds from many places, and given names. The family names are nobody's, so that one
// found in a log or a metric can only come from here.
var (
	families = strings.Fields(`Abernoth Adeyemaro Alcazarin Almeidassa Anderquist Arakelune Bakshinder Barroquez
		Beaumarchand Bianchetto Bjornvale Brightwold Cabreluz Castanhara Chaudrevan Chenwick Coolidgeman Corvalhos
		Dabrowane Delacruzar Desrochette Diallowin Duquesnay Eastermoor Eklundsen Espinolar Fairweatherly Farrokhan
		Fernandoval Fitzwarden Galindaro Ghebremar Goldenrodt Gutierrano Haddamin Hartigmore Hernandola Hoangthi
		Ibarruna Ivanescko Jaramilda Johanquist Kapoorian Kellerwen Khoramzad Kowalenka Kwabenard Lafrancoise
		Lindqvale Lombardesca Machadoro Mbekani Montelvane Moriwaka Nakashiro Nguyenhart Nowakstern Obadiru
		Okonwele Oliveirado Palomarez Papadimos Pelletrin Quintavalle Rahmanova Reyesford Rosenthaler Saldanhova
		Santorelli Sheffermann Silveirinha Stonebridger Tavarenko Thibodaux-Lee Tsungwei Umarovich Valdecarro
		Vasquenda Villaronga Wainscotte Wojtalski Xiongpao Yamadoro Zambranelle Zhaolin Zuberbuhl`)
	female = strings.Fields(`Adaeze Agnieszka Aisling Amalia Anneliese Beatriz Bronwyn Catarina Chidinma Consuelo
		Delphine Dolores Eleni Esperanza Farzaneh Fatoumata Francesca Genevieve Guadalupe Henrietta Huong Ilse
		Ioana Jacinta Josephine Katarzyna Keiko Leocadia Lourdes Mairead Mei-Ling Minerva Nadezhda Ngoc Odalys
		Oluchi Parvati Rosalind Saoirse Shirin Solange Svetlana Tamsin Thandiwe Ursula Wilhelmina Xiomara Yolanda
		Zsofia`)
	male = strings.Fields(`Abdoulaye Aleksander Anselmo Bartholomew Benedikt Cornelius Cuong Demetrios Duarte Emeka
		Evaristo Fearghal Ferdinand Gaspard Giancarlo Haruki Heriberto Ignatius Ikenna Jaroslav Joaquim Kofi
		Konstantin Leopold Luciano Mahmoud Mateusz Nathaniel Nikolai Obinna Olivier Prakash Quentin Rafael Rodrigo
		Sebastiao Siddharth Stanislav Tadeusz Thaddeus Tomasz Umberto Valentin Vikram Wenceslas Xavier Yevgeny
		Zacharias`)
	streets  = strings.Fields(`Alder Birchbark Canal Dogwood Elderberry Foundry Granite Hawthorn Ironwood Juniper Kiln Lilac Millrace Nutmeg Orchard Quarry Ropewalk Sumac Tannery Wharf`)
	suffixes = strings.Fields(`Street Road Lane Avenue Court Terrace`)
)

// given name for an administrative gender.
func given(r *rand.Rand, gender string) string {
	if gender == "male" {
		return one(r, male)
	}
	return one(r, female)
}

// phone of the range that is never given out (555-0100 to 555-0199).
func phone(r *rand.Rand, area string) string { return fmt.Sprintf("%s-555-01%02d", area, r.IntN(100)) }

// npi of a shape that is never issued: real ones begin with 1 or 2. The last digit is the Luhn check digit over 80840
// and the others (45 CFR 162.406).
func npi(r *rand.Rand) string {
	nine := fmt.Sprintf("9%08d", r.IntN(100_000_000))
	sum := 24 // of the prefix 80840
	for i := range nine {
		d := int(nine[i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", nine, (10-sum%10)%10)
}
