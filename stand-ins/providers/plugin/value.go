package plugin

import (
	"encoding/json"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Object is the value of a resource or of a nested object. nil stands for null.
type Object map[string]tftypes.Value

// Text returns a string attribute, or "" for null and unknown.
func (o Object) Text(name string) string { return TextOf(o[name]) }

// Whole returns an attribute that is a whole number, or 0 for null and unknown.
func (o Object) Whole(name string) int {
	if !o.Has(name) {
		return 0
	}
	return int(float(o[name]))
}

// Has reports whether an attribute is neither null nor unknown.
func (o Object) Has(name string) bool { return known(o[name]) }

// Set replaces the attribute by a string.
func (o Object) Set(name, text string) { o[name] = tftypes.NewValue(tftypes.String, text) }

// SetNull replaces the attribute by null.
func (o Object) SetNull(name string) { o[name] = tftypes.NewValue(o[name].Type(), nil) }

// SetUnknown makes the attribute "known after apply".
func (o Object) SetUnknown(name string) {
	o[name] = tftypes.NewValue(o[name].Type(), tftypes.UnknownValue)
}

// TextOf returns a string value, or "" for null and unknown.
func TextOf(value tftypes.Value) string {
	var text string
	if known(value) && value.Type().Is(tftypes.String) {
		_ = value.As(&text)
	}
	return text
}

// ObjectOf returns the object in a value, or nil for null and unknown.
func ObjectOf(value tftypes.Value) Object {
	var object map[string]tftypes.Value
	if known(value) {
		_ = value.As(&object)
	}
	return object
}

// Elements returns the elements of a list or a set, or nil for null and unknown.
func Elements(value tftypes.Value) []tftypes.Value {
	var elements []tftypes.Value
	if known(value) {
		_ = value.As(&elements)
	}
	return elements
}

// Empty returns an object of the block in which all attributes are null.
func (b *Block) Empty() Object { return b.Attributes.empty() }

func (as Attributes) empty() Object {
	object := Object{}
	for name, attribute := range as {
		object[name] = attribute.null()
	}
	return object
}

// Decode converts an answer to a value of an attribute.
func (b *Block) Decode(name string, answer json.RawMessage) tftypes.Value {
	attribute := b.Attributes[name]
	return attribute.refresh(attribute.null(), answer)
}

// Unknown returns an object value of an attribute in which everything is "known after apply".
func (b *Block) Unknown(name string) tftypes.Value {
	attribute, object := b.Attributes[name], Object{}
	for name, nested := range attribute.Attributes {
		object[name] = tftypes.NewValue(nested.Type, tftypes.UnknownValue)
	}
	return attribute.Object(object)
}

func (b *Block) value(object Object) tftypes.Value { return as(b.Type(), object) }

// as converts an object to a value of a type, which also a nil object needs.
func as(typ tftypes.Type, object Object) tftypes.Value {
	if object == nil {
		return tftypes.NewValue(typ, nil)
	}
	return tftypes.NewValue(typ, map[string]tftypes.Value(object))
}

func (a *Attribute) null() tftypes.Value { return tftypes.NewValue(a.Type, nil) }

// Object converts an object to a value of an attribute with nested attributes, or of one of its elements.
func (a *Attribute) Object(object Object) tftypes.Value { return as(a.Attributes.objectType(), object) }

func known(value tftypes.Value) bool { return value.IsKnown() && !value.IsNull() }

// item returns an item of a list, or the zero value if the list is shorter.
func item[T any](items []T, i int) (none T) {
	if i < len(items) {
		return items[i]
	}
	return none
}

// same reports whether two values mean the same, even if they are written differently.
func (a *Attribute) same(x, y tftypes.Value) bool {
	switch {
	case !known(x) || !known(y):
		return false
	case a.Time:
		s, okS := instant(TextOf(x))
		t, okT := instant(TextOf(y))
		return okS && okT && s == t
	case a.Type.Is(tftypes.Number):
		return float(x) == float(y)
	}
	return false
}

func float(value tftypes.Value) float64 {
	var number big.Float
	_ = value.As(&number)
	f, _ := number.Float64()
	return f
}

// settle keeps the old spelling of a value that means the same: a number with more digits than the API stores, or a time
// with a fraction of a second.
func (as Attributes) settle(old, new Object) Object {
	if old == nil || new == nil {
		return new
	}
	settled := Object{}
	for name, attribute := range as {
		settled[name] = attribute.settle(old[name], new[name])
	}
	return settled
}

func (a *Attribute) settle(old, new tftypes.Value) tftypes.Value {
	if !known(old) || !known(new) {
		return new
	}
	switch a.Nesting {
	case "":
		if a.same(old, new) {
			return old
		}
		return new
	case "single":
		return a.Object(a.Attributes.settle(ObjectOf(old), ObjectOf(new)))
	case "list":
		olds, items := Elements(old), Elements(new)
		for i := range items {
			if i < len(olds) {
				items[i] = a.Object(a.Attributes.settle(ObjectOf(olds[i]), ObjectOf(items[i])))
			}
		}
		return tftypes.NewValue(a.Type, items)
	}
	return new
}
