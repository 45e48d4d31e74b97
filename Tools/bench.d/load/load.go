// Command load asks one thing of a server over many connections at once, as replicas that sync do.
//
//	load members COUNT FOLDER    writes members' documents for a library
//	load run                     reads a Plan from standard input, and writes an Outcome
//
// Members' keys follow from their numbers, so both know them.
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Plan is what to ask, of whom and for how long.
type Plan struct {
	Address  string  `json:"address"`
	Target   string  `json:"target"`
	Library  string  `json:"library"`  // its identity, when requests are signed
	Replicas int     `json:"replicas"` // connections at once
	Seconds  float64 `json:"seconds"`
	Fresh    bool    `json:"fresh"` // a new connection for each request
}

// Outcome is what came back.
type Outcome struct {
	Requests int            `json:"requests"`
	Seconds  float64        `json:"seconds"`
	Median   float64        `json:"median"` // milliseconds
	P99      float64        `json:"p99"`
	Largest  float64        `json:"largest"`
	Bytes    int64          `json:"bytes"` // of the last answer's body
	Statuses map[string]int `json:"statuses"`
	Failures int            `json:"failures"`
	Failure  string         `json:"failure,omitempty"`
}

func key(number int) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("bench member " + strconv.Itoa(number)))
	return ed25519.NewKeyFromSeed(seed[:])
}

func mark(key ed25519.PrivateKey) []byte {
	hash := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return hash[:8]
}

// credential signs a request (Schemas/requests.md).
func credential(key ed25519.PrivateKey, library, authority, target string, now uint32) string {
	text := fmt.Sprintf("sheaf/request/v1\n%s\n%s\nGET\n%s\n%d\n0\n", library, authority, target, now)
	bytes := append([]byte{}, mark(key)...)
	bytes = binary.BigEndian.AppendUint32(bytes, now)
	bytes = append(bytes, ed25519.Sign(key, []byte(text))...)
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func members(count int, folder string) error {
	folder = filepath.Join(folder, "sheaf", "members")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for number := 0; number < count; number++ {
		key := key(number)
		public := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
		text := fmt.Sprintf("{\n  \"format\": 1,\n  \"key\": %q,\n  \"name\": \"Replica %d\",\n  \"role\": \"reader\"\n}\n", public, number)
		if err := os.WriteFile(filepath.Join(folder, hex.EncodeToString(mark(key))+".json"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type replica struct {
	plan   *Plan
	number int
	conn   net.Conn
	reader *bufio.Reader
	key    ed25519.PrivateKey
	header string
	signed time.Time
}

func (r *replica) open() error {
	// An address of its own for each: a server lets few connections in from one.
	source := net.IPv4(127, 0, byte(1+r.number/200), byte(1+r.number%200))
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}, Timeout: 30 * time.Second}
	conn, err := dialer.Dial("tcp", r.plan.Address)
	if err != nil {
		return err
	}
	r.conn, r.reader = conn, bufio.NewReader(conn)
	return nil
}

// ask makes one request; the status and the body's size.
func (r *replica) ask() (string, int64, error) {
	if r.conn == nil {
		if err := r.open(); err != nil {
			return "", 0, err
		}
	}
	// A credential is good for five minutes; signing is the clients' work, of which there is one machine here.
	if r.plan.Library != "" && time.Since(r.signed) > time.Minute {
		r.signed = time.Now()
		r.header = "Authorization: Sheaf " + credential(r.key, r.plan.Library, r.plan.Address, r.plan.Target, uint32(r.signed.Unix())) + "\r\n"
	}
	r.conn.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := fmt.Fprintf(r.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", r.plan.Target, r.plan.Address, r.header); err != nil {
		return "", 0, err
	}
	line, err := r.reader.ReadString('\n')
	if err != nil || len(line) < 12 {
		return "", 0, fmt.Errorf("no answer: %v", err)
	}
	status, size := line[9:12], int64(0)
	for {
		field, err := r.reader.ReadString('\n')
		if err != nil {
			return "", 0, err
		}
		if field == "\r\n" {
			break
		}
		var length int64
		if len(field) > 15 && (field[0] == 'c' || field[0] == 'C') {
			if _, err := fmt.Sscanf(field[14:], ": %d", &length); err == nil && (field[8] == 'l' || field[8] == 'L') {
				size = length
			}
		}
	}
	if _, err := io.CopyN(io.Discard, r.reader, size); err != nil {
		return "", 0, err
	}
	if r.plan.Fresh {
		r.close()
	}
	return status, size, nil
}

func (r *replica) close() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

func run(plan Plan) Outcome {
	outcome := Outcome{Statuses: map[string]int{}}
	var lock sync.Mutex
	var ready, done sync.WaitGroup
	var times []float64
	start := make(chan struct{})
	var end time.Time
	for number := 0; number < plan.Replicas; number++ {
		ready.Add(1)
		done.Add(1)
		go func(r *replica) {
			defer done.Done()
			// Connections stand before the clock runs, and each has been used once.
			status, size, err := r.ask()
			ready.Done()
			<-start
			own, statuses := []float64{}, map[string]int{}
			for err == nil && time.Now().Before(end) {
				before := time.Now()
				if status, size, err = r.ask(); err == nil {
					own = append(own, time.Since(before).Seconds()*1000)
					statuses[status]++
				}
			}
			r.close()
			lock.Lock()
			defer lock.Unlock()
			times = append(times, own...)
			for status, count := range statuses {
				outcome.Statuses[status] += count
			}
			if err != nil {
				outcome.Failures++
				outcome.Failure = err.Error()
			} else {
				outcome.Bytes = size
			}
		}(&replica{plan: &plan, number: number, key: key(number)})
	}
	ready.Wait()
	began := time.Now()
	end = began.Add(time.Duration(plan.Seconds * float64(time.Second)))
	close(start)
	done.Wait()
	outcome.Seconds = time.Since(began).Seconds()
	sort.Float64s(times)
	outcome.Requests = len(times)
	if len(times) > 0 {
		outcome.Median, outcome.P99 = times[len(times)/2], times[len(times)*99/100]
		outcome.Largest = times[len(times)-1]
	}
	return outcome
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "members" {
		count, err := strconv.Atoi(os.Args[2])
		if err == nil {
			err = members(count, os.Args[3])
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var plan Plan
	if err := json.NewDecoder(os.Stdin).Decode(&plan); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(64)
	}
	json.NewEncoder(os.Stdout).Encode(run(plan))
}
