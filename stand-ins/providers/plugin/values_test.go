package plugin

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A resource with one attribute of each kind.
const schemaJSON = `{"provider_versions":{"registry.terraform.io/n/p":"1.2.3"},"provider_schemas":{"registry.terraform.io/n/p":{
	"provider":{"block":{"attributes":{}}},
	"resource_schemas":{"p_thing":{"version":0,"block":{"attributes":{
		"id":{"type":"string","computed":true},
		"name":{"type":"string","required":true},
		"class":{"type":"string","optional":true,"computed":true},
		"until":{"type":"string","optional":true},
		"rate":{"type":"number","optional":true},
		"flags":{"type":["set","string"],"optional":true,"computed":true},
		"rules":{"optional":true,"nested_type":{"nesting_mode":"list","attributes":{
			"max_age":{"type":"number","optional":true},
			"made_on":{"type":"string","computed":true}}}},
		"logs":{"optional":true,"nested_type":{"nesting_mode":"single","attributes":{
			"on":{"type":"bool","required":true},
			"keep":{"type":"bool","optional":true,"computed":true}}}}
	}}}},"data_source_schemas":{}}}}`

func thing(t *testing.T) *Block {
	t.Helper()
	schema, err := readSchema([]byte(schemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	block := schema.resources["p_thing"]
	block.attach(Traits{
		"id":            {Keep: true, Replace: Always},
		"class":         {Default: "standard"},
		"until":         {Time: true},
		"rules.max_age": {Wire: "maxAge", Whole: true},
		"logs.keep":     {Default: true},
	})
	return block
}

// object gives a thing from JSON in the notation of the wire.
func object(block *Block, text string) Object { return block.Refresh(nil, json.RawMessage(text)) }

func planned(block *Block, config, prior Object) *Change {
	proposed := maps.Clone(config)
	for name, attribute := range block.Attributes {
		if attribute.Computed && config[name].IsNull() && prior != nil {
			proposed[name] = prior[name]
		}
	}
	change := &Change{Block: block, Config: config, Prior: prior, Planned: proposed}
	block.plan(change)
	return change
}

func unknowns(object Object) []string {
	var names []string
	for name, value := range object {
		if !value.IsKnown() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestPlanOfACreation(t *testing.T) {
	block := thing(t)
	change := planned(block, object(block, `{"name":"a","logs":{"on":true},"rules":[{"maxAge":1}]}`), nil)
	if got := unknowns(change.Planned); !slices.Equal(got, []string{"flags", "id"}) {
		t.Errorf("unknown: %v", got)
	}
	if ObjectOf(Elements(change.Planned["rules"])[0])["made_on"].IsKnown() {
		t.Error("a computed attribute in a list is known")
	}
	if got := string(block.Encode(change.Planned, nil)); got !=
		`{"class":"standard","logs":{"keep":true,"on":true},"name":"a","rules":[{"maxAge":1}]}` {
		t.Errorf("sent: %s", got)
	}
}

func TestPlanOfAnUpdate(t *testing.T) {
	block := thing(t)
	prior := object(block, `{"id":"1","name":"a","class":"standard","flags":["f"]}`)
	if change := planned(block, object(block, `{"name":"a"}`), prior); !block.value(change.Planned).Equal(block.value(prior)) {
		t.Errorf("a plan without a change is not empty: %v", change.Planned)
	}
	change := planned(block, object(block, `{"name":"b"}`), prior)
	if got := unknowns(change.Planned); !slices.Equal(got, []string{"flags"}) {
		t.Errorf("unknown: %v", got)
	}
	if paths := block.replaced(change); len(paths) != 0 {
		t.Errorf("replaced for %v", paths)
	}
	change.Planned.Set("id", "2")
	if paths := block.replaced(change); len(paths) != 1 {
		t.Errorf("replaced for %v", paths)
	}
}

func TestAnswers(t *testing.T) {
	block := thing(t)
	change := planned(block, object(block, `{"name":"a","logs":{"on":true},"rules":[{"maxAge":1}]}`), nil)
	filled := block.Fill(change.Planned, json.RawMessage(
		`{"id":"1","name":"another","class":"other","flags":["f"],"rules":[{"maxAge":2,"made_on":"today"},{}]}`))
	want := object(block, `{"id":"1","name":"a","class":"standard","flags":["f"],"logs":{"on":true,"keep":true},
		"rules":[{"maxAge":1,"made_on":"today"}]}`)
	if !block.value(filled).Equal(block.value(want)) {
		t.Errorf("filled: %v", filled)
	}

	empty := block.Fill(change.Planned, nil)
	if !block.value(empty).IsFullyKnown() {
		t.Errorf("left open: %v", empty)
	}

	refreshed := block.Refresh(filled, json.RawMessage(`{"id":"1","name":5,"until":"2030-01-01T00:00:00.9Z"}`))
	if refreshed.Text("name") != "a" || refreshed.Text("until") != "2030-01-01T00:00:00Z" || !refreshed["rules"].IsNull() {
		t.Errorf("refreshed: %v", refreshed)
	}
	// An object does not become null, but what it holds does.
	if logs := ObjectOf(refreshed["logs"]); logs == nil || !logs["on"].IsNull() {
		t.Errorf("refreshed: %v", logs)
	}
}

func TestAnAnswerOfAnotherTypeLeavesOpenWhatIsOpen(t *testing.T) {
	block := thing(t)
	change := planned(block, object(block, `{"name":"a"}`), nil)
	filled := block.Fill(change.Planned, json.RawMessage(`{"id":1,"flags":"f"}`))
	if got := unknowns(filled); !slices.Equal(got, []string{"flags", "id"}) {
		t.Errorf("unknown: %v", got)
	}
}

func TestWhatMeansTheSameStays(t *testing.T) {
	block := thing(t)
	old := object(block, `{"name":"a","rate":0.1}`)
	old.Set("until", "2030-01-01T00:00:00.5Z")
	new := object(block, `{"name":"a","until":"2030-01-01T00:00:00Z"}`)
	new["rate"] = tftypes.NewValue(tftypes.Number, 0.1)
	if settled := block.Attributes.settle(old, new); !block.value(settled).Equal(block.value(old)) {
		t.Errorf("settled: %v", settled)
	}
}

func TestAnExplicitNullTakesAwayWhatWasSet(t *testing.T) {
	block := thing(t)
	got := string(block.Encode(object(block, `{"name":"a"}`), object(block, `{"name":"a","rules":[]}`)))
	if got != `{"name":"a","rules":null}` {
		t.Errorf("sent: %s", got)
	}
}

func TestATraitNeedsItsAttribute(t *testing.T) {
	block := thing(t)
	defer func() {
		if recover() == nil {
			t.Error("a trait of an attribute that is not in the schema was taken")
		}
	}()
	block.attach(Traits{"rules.nothing": {}})
}
