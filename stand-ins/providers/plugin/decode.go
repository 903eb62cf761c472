package plugin

import (
	"bytes"
	"encoding/json"
	"math/big"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Answers are unparsed JSON. nil and `null` stand for values that an answer lacks. A value of another type is ignored.

// Fields returns the fields of a JSON object, or nil if it is not an object.
func Fields(answer json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(answer, &fields)
	return fields
}

// Items returns the items of a JSON array, or nil if it is not an array.
func Items(answer json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	_ = json.Unmarshal(answer, &items)
	return items
}

// Missing reports whether an answer lacks a value.
func Missing(answer json.RawMessage) bool {
	return answer == nil || bytes.Equal(answer, []byte("null"))
}

// Refresh updates a state by an answer. Attributes that the answer lacks become null, and those that are never in an
// answer stay.
func (b *Block) Refresh(state Object, answer json.RawMessage) Object {
	return b.Attributes.refresh(state, answer)
}

func (as Attributes) refresh(state Object, answer json.RawMessage) Object {
	fields, object := Fields(answer), Object{}
	for name, attribute := range as {
		prior, ok := state[name]
		if !ok {
			prior = attribute.null()
		}
		if attribute.Wire != "-" && !attribute.NoRefresh {
			prior = attribute.refresh(prior, fields[attribute.wire()])
		}
		object[name] = prior
	}
	return object
}

func (a *Attribute) refresh(prior tftypes.Value, answer json.RawMessage) tftypes.Value {
	switch {
	case a.Nesting == "single" && (!Missing(answer) || known(prior)):
		// If the answer lacks an object, the object stays, but its attributes become null.
		return a.Object(a.Attributes.refresh(ObjectOf(prior), answer))
	case Missing(answer):
		return a.null()
	case a.JSON:
		return tftypes.NewValue(a.Type, string(answer))
	case a.Nesting == "":
		if value, ok := a.decode(a.Type, answer); ok {
			return value
		}
		return prior
	}
	items := Items(answer)
	if items == nil {
		return prior
	}
	priors, elements := Elements(prior), []tftypes.Value{}
	for i, answered := range items {
		elements = append(elements, a.Object(a.Attributes.refresh(ObjectOf(item(priors, i)), answered)))
	}
	return tftypes.NewValue(a.Type, elements)
}

// Fill takes only the unknown values of a plan from an answer. Afterwards no value is unknown, unless the answer has
// another type, which OpenTofu then refuses.
func (b *Block) Fill(planned Object, answer json.RawMessage) Object {
	return b.Attributes.fill(planned, answer)
}

func (as Attributes) fill(planned Object, answer json.RawMessage) Object {
	fields, object := Fields(answer), Object{}
	for name, attribute := range as {
		value := planned[name]
		switch {
		case attribute.Wire != "-":
			value = attribute.fill(value, fields[attribute.wire()])
		case !value.IsKnown():
			value = attribute.null()
		}
		object[name] = value
	}
	return object
}

func (a *Attribute) fill(planned tftypes.Value, answer json.RawMessage) tftypes.Value {
	open := a.Computed && !known(planned)
	computed := a.Computed && !a.Optional && !(a.NoRefresh && known(planned))
	switch {
	case open && a.Optional && a.Nesting == "single" && !Missing(answer):
		return a.Object(a.Attributes.fill(a.Attributes.empty(), answer))
	case open || computed || a.Answered:
		if known(planned) {
			planned = a.null()
		}
		return a.refresh(planned, answer)
	case a.Nesting == "single" && known(planned):
		return a.Object(a.Attributes.fill(ObjectOf(planned), answer))
	case a.Nesting == "list" && known(planned):
		answers, elements := Items(answer), Elements(planned)
		for i, element := range elements {
			elements[i] = a.Object(a.Attributes.fill(ObjectOf(element), item(answers, i)))
		}
		return tftypes.NewValue(a.Type, elements)
	}
	return planned
}

// decode returns no value for an answer of another type.
func (a *Attribute) decode(typ tftypes.Type, answer json.RawMessage) (value tftypes.Value, ok bool) {
	switch typ := typ.(type) {
	case tftypes.List:
		return a.decodeItems(typ, typ.ElementType, answer)
	case tftypes.Set:
		return a.decodeItems(typ, typ.ElementType, answer)
	}
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var plain any
	if decoder.Decode(&plain) != nil {
		return value, false
	}
	switch plain := plain.(type) {
	case string:
		if typ.Is(tftypes.Number) {
			return a.decode(typ, json.RawMessage(plain))
		}
		if a.Time {
			if plain, ok = instant(plain); !ok {
				return value, false
			}
		}
		return valueOf(typ, tftypes.String, plain)
	case bool:
		return valueOf(typ, tftypes.Bool, plain)
	case json.Number:
		number, _, err := big.ParseFloat(plain.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			return value, false
		}
		return valueOf(typ, tftypes.Number, number)
	}
	return value, false
}

func (a *Attribute) decodeItems(typ, of tftypes.Type, answer json.RawMessage) (value tftypes.Value, ok bool) {
	items := Items(answer)
	if items == nil {
		return value, false
	}
	elements := []tftypes.Value{}
	for _, answered := range items {
		element, ok := a.decode(of, answered)
		if !ok {
			return value, false
		}
		elements = append(elements, element)
	}
	return tftypes.NewValue(typ, elements), true
}

func valueOf(wanted, got tftypes.Type, plain any) (value tftypes.Value, ok bool) {
	if !wanted.Is(got) {
		return value, false
	}
	return tftypes.NewValue(got, plain), true
}

// instant removes the fraction of a second.
func instant(answer string) (string, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if parsed, err := time.Parse(layout, answer); err == nil {
			return parsed.Format(time.RFC3339), true
		}
	}
	return "", false
}
