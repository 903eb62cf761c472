package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cdktf-proxmox-talos/providers/plugin"
)

// attempts of one request, replays included.
const attempts = 3

// client of the API.
type client struct {
	base   string // ends in a slash
	header http.Header
}

type request struct {
	method, path string
	header       http.Header
	contentType  string // of the body
	body         []byte
}

// answer of the API, with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// result of the envelope; nil if there is none.
func (a *answer) result() json.RawMessage { return plugin.Fields(a.body)["result"] }

// expectJSON refuses an answer that the real client would not decode, although nothing in it is used.
func (a *answer) expectJSON() error {
	contentType := a.header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if !strings.Contains(mediaType, "application/json") && !strings.HasSuffix(mediaType, "+json") {
		return failed(fmt.Errorf("expected destination type of 'string' or '[]byte' for responses with content-type '%s' that is not 'application/json'", contentType))
	}
	if !json.Valid(a.body) {
		return failed(errors.New("error parsing response json: it is none"))
	}
	return nil
}

// send makes a request, and makes it again after an answer or a failure that may pass.
// An answer with an error status comes with an error.
func (c *client) send(ctx context.Context, r request) (*answer, error) {
	for attempt := 0; ; attempt++ {
		got, err := c.try(ctx, r, attempt)
		if err == nil && got.status < 400 {
			return got, nil
		}
		if ctx.Err() != nil {
			return nil, failed(ctx.Err())
		}
		if attempt+1 == attempts || !mayPass(got) {
			if err == nil {
				err = fmt.Errorf("%s %q: %d %s %s", r.method, c.base+r.path, got.status, http.StatusText(got.status), got.body)
			}
			return got, failed(err)
		}
		select {
		case <-time.After(pause(got, attempt)):
		case <-ctx.Done():
		}
	}
}

func (c *client) try(ctx context.Context, r request, attempt int) (*answer, error) {
	http1, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	http1.Header.Set("Accept", "application/json")
	http1.Header.Set("X-Stainless-Retry-Count", strconv.Itoa(attempt))
	maps.Copy(http1.Header, c.header)
	maps.Copy(http1.Header, r.header)
	if r.body != nil {
		http1.Header.Set("Content-Type", r.contentType)
	}
	response, err := http.DefaultClient.Do(http1)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, response.Header, body}, err
}

func mayPass(got *answer) bool {
	return got == nil || got.status == http.StatusRequestTimeout || got.status == http.StatusConflict ||
		got.status == http.StatusTooManyRequests || got.status >= 500
}

// pause before the next attempt: what the server asks for, if that is under a minute, or half a second doubled each time.
func pause(got *answer, attempt int) time.Duration {
	if got != nil {
		seconds, err := strconv.ParseFloat(got.header.Get("Retry-After"), 64)
		if wait := time.Duration(seconds * float64(time.Second)); err == nil && wait >= 0 && wait < time.Minute {
			return wait
		}
	}
	wait := 500 * time.Millisecond << attempt
	return wait - time.Duration(rand.Int63n(int64(wait/4)))
}

func failed(err error) error {
	return &plugin.Failure{Summary: "failed to make http request", Detail: err.Error()}
}
