package desk

import (
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
)

// Role of a person at the desk. Each of viewer, coordinator and supervisor may what the one before may.
type Role string

const (
	Viewer      Role = "viewer"      // reads
	Coordinator Role = "coordinator" // and acts on referrals
	Supervisor  Role = "supervisor"  // and overrides, and edits the catalog
	Leader      Role = "leader"      // sees the own groups only: their participants, and nothing of the rest
)

// Roles there are.
var Roles = []Role{Viewer, Coordinator, Supervisor, Leader}

// Person who may come in.
type Person struct {
	// ID is what acts are signed with and what OIDC knows the person by: an e-mail address, or any short name.
	ID   string `yaml:"id"`
	Name string `yaml:"name,omitempty"`
	Role Role   `yaml:"role"`
	// Networks the person may see; empty: all of the desk.
	Networks []string `yaml:"networks,omitempty"`
	// Leader is the catalog's id of a person whose role is leader.
	Leader string `yaml:"leader,omitempty"`
	// Function by profession, such as psychiatrist: the role in which the person decides on safety stops. Who has one, or
	// supervises, may be the second of two.
	Function string `yaml:"function,omitempty"`
}

// Signs is the role in which the person decides on safety stops.
func (p *Person) Signs() string { return or(p.Function, string(p.Role)) }

// Sees reports whether the person may see a network.
func (p *Person) Sees(network string) bool {
	return len(p.Networks) == 0 || slices.Contains(p.Networks, network)
}

// May reports whether the person has a role, or one above it.
func (p *Person) May(r Role) bool {
	at := slices.Index(Roles, p.Role)
	return p.Role != Leader && r != Leader && at >= slices.Index(Roles, r)
}

// Called is how the person is shown.
func (p *Person) Called() string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}

// personMax bounds an id: it is the actor of an event.
const personMax = 200

// LoadPeople reads a YAML list of people:
//
//   - {id: ana@clinic.example, name: Ana Ruiz, role: coordinator, networks: [riverside]}
//   - {id: cho@clinic.example, role: viewer, function: psychiatrist}
//   - {id: lee@clinic.example, role: leader, leader: lee-park}
func LoadPeople(path string) ([]Person, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var people []Person
	if err := yaml.UnmarshalWithOptions(data, &people, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return people, checkPeople(path, people)
}

func checkPeople(path string, people []Person) error {
	for i, p := range people {
		switch {
		case p.ID == "" || len(p.ID) > personMax:
			return fmt.Errorf("%s: person %d: id must have 1 to %d characters", path, i+1, personMax)
		case !slices.Contains(Roles, p.Role):
			return fmt.Errorf("%s: %s: role %q is none of viewer, coordinator, supervisor, leader", path, p.ID, p.Role)
		case len(p.Function) > personMax:
			return fmt.Errorf("%s: %s: function must have at most %d characters", path, p.ID, personMax)
		case (p.Role == Leader) != (p.Leader != ""):
			return fmt.Errorf("%s: %s: a leader, and nobody else, names the catalog's leader", path, p.ID)
		case slices.ContainsFunc(people[:i], func(q Person) bool { return q.ID == p.ID }):
			return fmt.Errorf("%s: %s is listed twice", path, p.ID)
		}
	}
	if len(people) == 0 {
		return fmt.Errorf("%s lists nobody", path)
	}
	return nil
}
