// Verifies notes, checkpoints, cosignatures, proofs, receipts and mirrors with golang.org/x/mod/sumdb.
//
// Reads cases from a file, one a line, fields parted by tabs, texts and bytes in base64. Prints one word for each:
// ok, no, or loose for a note that the package accepts although its base64 is not canonical.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var strict = base64.StdEncoding.Strict()

var errLoose = errors.New("base64 is not canonical")

// cosigner verifies what C2SP tlog-cosignature adds to signed notes: a time before the signature.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	if time > 1<<63-1 {
		return false
	}
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), msg...)
	return ed25519.Verify(c.key, message, sig[8:])
}

func verifier(vkey string) (note.Verifier, error) {
	fields := strings.SplitN(vkey, "+", 3)
	if len(fields) == 3 {
		if key, err := strict.DecodeString(fields[2]); err == nil && len(key) == 33 && key[0] == 4 {
			sum := sha256.Sum256(append([]byte(fields[0]+"\n"), key...))
			return cosigner{fields[0], binary.BigEndian.Uint32(sum[:]), ed25519.PublicKey(key[1:])}, nil
		}
	}
	return note.NewVerifier(vkey)
}

func open(vkey string, msg []byte) (*note.Note, error) {
	v, err := verifier(vkey)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return nil, err
	}
	for _, sig := range append(append([]note.Signature{}, n.Sigs...), n.UnverifiedSigs...) {
		if _, err := strict.DecodeString(sig.Base64); err != nil {
			return n, errLoose
		}
	}
	return n, nil
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, errors.New("not a number")
	}
	return n, nil
}

func hash(text string) (tlog.Hash, error) {
	var h tlog.Hash
	b, err := strict.DecodeString(text)
	if err != nil || len(b) != len(h) {
		return h, errors.New("not a hash")
	}
	copy(h[:], b)
	return h, nil
}

func hashes(text string) ([]tlog.Hash, error) {
	var out []tlog.Hash
	if text == "" {
		return nil, nil
	}
	for _, part := range strings.Split(text, ",") {
		h, err := hash(part)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

func checkpoint(vkey, origin string, msg []byte) (tlog.Tree, error) {
	var tree tlog.Tree
	n, err := open(vkey, msg)
	if n == nil {
		return tree, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != origin {
		return tree, errors.New("not a checkpoint of this log")
	}
	size, errSize := number(lines[1])
	root, errRoot := hash(lines[2])
	if errSize != nil || errRoot != nil {
		return tree, errors.New("malformed checkpoint")
	}
	if size == 0 && root != tlog.Hash(sha256.Sum256(nil)) {
		return tree, errors.New("an empty log has one root only")
	}
	return tlog.Tree{N: size, Hash: root}, err
}

func receipt(vkey, origin string, leaf, msg []byte) error {
	head, rest, ok := strings.Cut(string(msg), "\n\n")
	if !ok {
		return errors.New("no blank line")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("another header")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if extra, err := strict.DecodeString(lines[0][6:]); err != nil || len(extra) == 0 {
			return errors.New("malformed extra data")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	index, err := number(lines[0][6:])
	if err != nil {
		return err
	}
	proof, err := hashes(strings.Join(lines[1:], ","))
	if err != nil {
		return err
	}
	tree, err := checkpoint(vkey, origin, []byte(rest))
	if err != nil && err != errLoose {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return err
	}
	return err
}

// mirror reads tiles of a C2SP tlog-tiles log from a folder.
type mirror struct{ folder string }

func (m mirror) Height() int { return 8 }

// Tiles of this package name their height, those of C2SP do not, and have the level as a number.
func (m mirror) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(m.folder, strings.Replace(t.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (m mirror) SaveTiles([]tlog.Tile, [][]byte) {}

func wholeLog(vkey, origin, folder string) error {
	msg, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := checkpoint(vkey, origin, msg)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, mirror{folder})
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("another root")
	}
	for n := int64(0); n*256 < tree.N; n++ {
		width := tree.N - n*256
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: 8, L: -1, N: n, W: int(width)}.Path()
		data, err := os.ReadFile(filepath.Join(folder, strings.Replace(path, "tile/8/data/", "tile/entries/", 1)))
		if err != nil {
			return err
		}
		for i := int64(0); i < width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return errors.New("the entries end too early")
			}
			size := int(binary.BigEndian.Uint16(data))
			leaf := tlog.RecordHash(data[2 : 2+size])
			data = data[2+size:]
			proof, err := tlog.ProveRecord(tree.N, n*256+i, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n*256+i, leaf); err != nil {
				return err
			}
		}
		if len(data) > 0 {
			return errors.New("more entries than the tile is wide")
		}
	}
	return nil
}

func decode(text string) []byte {
	b, err := strict.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func proof(f []string, record bool) error {
	a, err := number(f[1])
	if err != nil {
		return err
	}
	b, err := number(f[2])
	if err != nil {
		return err
	}
	first, err := hash(f[3])
	if err != nil {
		return err
	}
	second, err := hash(f[4])
	if err != nil {
		return err
	}
	p, err := hashes(f[5])
	if err != nil {
		return err
	}
	if record {
		return tlog.CheckRecord(p, b, second, a, first)
	}
	return tlog.CheckTree(p, b, second, a, first)
}

func judge(line string) error {
	f := strings.Split(line, "\t")
	switch f[0] {
	case "note":
		_, err := open(string(decode(f[1])), decode(f[2]))
		return err
	case "checkpoint":
		_, err := checkpoint(string(decode(f[1])), string(decode(f[2])), decode(f[3]))
		return err
	case "receipt":
		return receipt(string(decode(f[1])), string(decode(f[2])), decode(f[3]), decode(f[4]))
	case "inclusion":
		return proof(f, true)
	case "consistency":
		return proof(f, false)
	case "mirror":
		return wholeLog(string(decode(f[1])), string(decode(f[2])), string(decode(f[3])))
	}
	panic("unknown case " + f[0])
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		switch err := judge(string(line)); err {
		case nil:
			fmt.Fprintln(out, "ok")
		case errLoose:
			fmt.Fprintln(out, "loose")
		default:
			fmt.Fprintln(out, "no", err)
		}
	}
}
