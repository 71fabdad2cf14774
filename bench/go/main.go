// The same work as the other contestants do, with Go's net/http: each device gets a POST of the artifact and is asked
// for its version. Prints one JSON object.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type order struct {
	Devices     []device `json:"devices"`
	Artifact    string   `json:"artifact"`
	Roots       string   `json:"roots"`
	Concurrency int      `json:"concurrency"`
}

type device struct {
	ID      string `json:"id"`
	Address string `json:"address"`
}

const version = "2.0.0"

func deliver(client *http.Client, d device, artifact []byte, digest string) bool {
	request, err := http.NewRequest("POST", d.Address+"/update", bytes.NewReader(artifact))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("X-Device-ID", d.ID)
	request.Header.Set("X-Device-Name", d.ID)
	request.Header.Set("X-Update-Version", version)
	request.Header.Set("Repr-Digest", digest)
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if answer.StatusCode != 200 {
		return false
	}
	request, err = http.NewRequest("GET", d.Address+"/version", nil)
	if err != nil {
		return false
	}
	request.Close = true
	answer, err = client.Do(request)
	if err != nil {
		return false
	}
	told, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	return err == nil && strings.TrimSpace(string(told)) == version
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var todo order
	if err := json.Unmarshal(text, &todo); err != nil {
		panic(err)
	}
	artifact, err := os.ReadFile(todo.Artifact)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(artifact)
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	transport := &http.Transport{MaxIdleConns: 2 * todo.Concurrency, MaxIdleConnsPerHost: 1, ForceAttemptHTTP2: false,
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	if todo.Roots != "" {
		pem, err := os.ReadFile(todo.Roots)
		if err != nil {
			panic(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
	}
	client := &http.Client{Transport: transport}
	var next, succeeded atomic.Int64
	var workers sync.WaitGroup
	since := time.Now()
	for i := 0; i < todo.Concurrency; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				at := int(next.Add(1) - 1)
				if at >= len(todo.Devices) {
					return
				}
				if deliver(client, todo.Devices[at], artifact, digest) {
					succeeded.Add(1)
				}
			}
		}()
	}
	workers.Wait()
	took := time.Since(since).Seconds()
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	cpu := float64(used.Utime.Sec+used.Stime.Sec) + float64(used.Utime.Usec+used.Stime.Usec)/1e6
	fmt.Printf("{\"succeeded\": %d, \"seconds\": %f, \"cpu\": %f, \"rss_kib\": %d}\n", succeeded.Load(), took, cpu, used.Maxrss)
}
