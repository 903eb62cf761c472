package plugin

import (
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Object is the value of a resource or of a nested object; nil stands for null.
type Object map[string]tftypes.Value

// Text is a string attribute; "" for null and unknown.
func (o Object) Text(name string) string { return TextOf(o[name]) }

// Whole is an attribute that is a whole number; 0 for null and unknown.
func (o Object) Whole(name string) int {
	if !o.Has(name) {
		return 0
	}
	return int(float(o[name]))
}

// Has says that an attribute is neither null nor unknown.
func (o Object) Has(name string) bool { return known(o[name]) }

// Set replaces the attribute by a string.
func (o Object) Set(name, text string) { o[name] = tftypes.NewValue(tftypes.String, text) }

// SetNull replaces the attribute by null.
func (o Object) SetNull(name string) { o[name] = tftypes.NewValue(o[name].Type(), nil) }

// SetUnknown makes the attribute "known after apply".
func (o Object) SetUnknown(name string) {
	o[name] = tftypes.NewValue(o[name].Type(), tftypes.UnknownValue)
}

// TextOf a string value; "" for null and unknown.
func TextOf(value tftypes.Value) string {
	var text string
	if known(value) && value.Type().Is(tftypes.String) {
		_ = value.As(&text)
	}
	return text
}

// ObjectOf a value; nil for null and unknown.
func ObjectOf(value tftypes.Value) Object {
	var object map[string]tftypes.Value
	if known(value) {
		_ = value.As(&object)
	}
	return object
}

// Elements of a list or a set; nil for null and unknown.
func Elements(value tftypes.Value) []tftypes.Value {
	var elements []tftypes.Value
	if known(value) {
		_ = value.As(&elements)
	}
	return elements
}

// Empty is the block's object with nothing but nulls.
func (b *Block) Empty() Object { return b.Attributes.empty() }

func (as Attributes) empty() Object {
	object := Object{}
	for name, attribute := range as {
		object[name] = attribute.null()
	}
	return object
}

func (b *Block) value(object Object) tftypes.Value { return as(b.Type(), object) }

// as gives nil objects their type.
func as(typ tftypes.Type, object Object) tftypes.Value {
	if object == nil {
		return tftypes.NewValue(typ, nil)
	}
	return tftypes.NewValue(typ, map[string]tftypes.Value(object))
}

func (a *Attribute) null() tftypes.Value { return tftypes.NewValue(a.Type, nil) }

// Object makes an object a value of an attribute with nested attributes, or of its elements.
func (a *Attribute) Object(object Object) tftypes.Value { return as(a.Attributes.objectType(), object) }

func known(value tftypes.Value) bool { return value.IsKnown() && !value.IsNull() }

// item of a list, or the zero value if the list is shorter.
func item[T any](items []T, i int) (none T) {
	if i < len(items) {
		return items[i]
	}
	return none
}

// same says that two values mean the same although they may be written differently.
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

// settle keeps the old spelling of what means the same: a number of more digits than the API keeps, a time
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
