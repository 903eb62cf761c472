package main

import (
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"cdktf-proxmox-talos/talos-config/machineconfig"

	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"go.yaml.in/yaml/v4"
)

// A request holds a configuration, or the input to generate one.
type request struct {
	Name     string               `json:"name"`
	Mode     mode                 `json:"mode"`
	Config   string               `json:"config"`
	Generate *machineconfig.Input `json:"generate"`
}

type answer struct {
	Name     string   `json:"name"`
	Config   string   `json:"config"`
	Warnings []string `json:"warnings"`
	Errors   []string `json:"errors"`
	Refusal  string   `json:"refusal"` // the errors as a node words them
}

// mode is what a node runs on: "metal" installs Talos to a disk, "cloud" is an image that is on its disk already.
type mode string

func (m mode) String() string        { return string(m) }
func (m mode) RequiresInstall() bool { return m == "metal" }
func (m mode) InContainer() bool     { return false }

// The secrets of no cluster: they are in no use but here.
//
//go:embed secrets.yaml
var secretsYAML []byte

// checkAll answers all requests, on all processors.
func checkAll(requests []request) ([]answer, error) {
	bundle := &secrets.Bundle{Clock: secrets.NewClock()}
	if err := yaml.Unmarshal(secretsYAML, bundle); err != nil {
		return nil, fmt.Errorf("secrets.yaml: %w", err)
	}
	answers := make([]answer, len(requests))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				answers[i] = requests[i].check(bundle)
			}
		})
	}
	for i := range requests {
		next <- i
	}
	close(next)
	workers.Wait()
	return answers, nil
}

func (r request) check(bundle *secrets.Bundle) answer {
	answer := answer{Name: r.Name, Config: r.Config, Warnings: []string{}, Errors: []string{}}
	if err := r.complete(&answer, bundle); err != nil {
		answer.Errors = append(answer.Errors, messages(err)...)
		answer.Refusal = err.Error()
	}
	return answer
}

// complete generates the configuration if there is none, and validates it.
func (r request) complete(answer *answer, bundle *secrets.Bundle) error {
	if r.Mode != "metal" && r.Mode != "cloud" {
		return fmt.Errorf("mode is %q, not metal or cloud", r.Mode)
	}
	if r.Generate != nil {
		if err := machineconfig.ValidateEndpoint(r.Generate.ClusterEndpoint); err != nil {
			return fmt.Errorf("cluster endpoint: %w", err)
		}
		generated, err := machineconfig.Generate(*r.Generate, bundle)
		if err != nil {
			return err
		}
		answer.Config = string(generated)
	}
	// A node gets text: what the generator holds in memory might be more than what it writes.
	parsed, err := configloader.NewFromBytes([]byte(answer.Config))
	if err != nil {
		return err
	}
	warnings, err := parsed.Validate(r.Mode)
	answer.Warnings = append(answer.Warnings, warnings...)
	return err
}

// messages returns one text for each error that is joined in another one.
func messages(err error) []string {
	var several interface{ WrappedErrors() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		var texts []string
		for _, each := range several.WrappedErrors() {
			texts = append(texts, messages(each)...)
		}
		return texts
	}
	return []string{strings.TrimSpace(err.Error())}
}
