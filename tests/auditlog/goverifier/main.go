// Checks our log with the Go project's own code for transparency logs, which we did not write:
// golang.org/x/mod/sumdb/note for the signed note, tlog for inclusion, consistency and tiles.
// Reads one JSON object, says "ok" or the first thing that does not hold.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type input struct {
	Key        string
	Checkpoint string
	Before     string // an older checkpoint
	Growth     [][]byte
	Leaves     [][]byte
	Proofs     [][][]byte
	Tiles      map[string][]byte
}

type tiles map[string][]byte

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, ok := t[tile.Path()]
		if !ok {
			return nil, fmt.Errorf("no tile %s", tile.Path())
		}
		found = append(found, data)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func hashes(raw [][]byte) (found []tlog.Hash) {
	for _, r := range raw {
		var h tlog.Hash
		copy(h[:], r)
		found = append(found, h)
	}
	return found
}

// tree is what a signed checkpoint says. The Go module mirror's notes begin with a fixed line of
// their own, so size and root are read here; the signature is checked by note.Open.
func tree(signed string, verifiers note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open([]byte(signed), verifiers)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	var t tlog.Tree
	if _, err := fmt.Sscanf(lines[1], "%d", &t.N); err != nil {
		return t, err
	}
	t.Hash, err = tlog.ParseHash(lines[2])
	return t, err
}

func check(in input) error {
	verifier, err := note.NewVerifier(in.Key)
	if err != nil {
		return err
	}
	verifiers := note.VerifierList(verifier)
	now, err := tree(in.Checkpoint, verifiers)
	if err != nil {
		return fmt.Errorf("checkpoint: %v", err)
	}
	before, err := tree(in.Before, verifiers)
	if err != nil {
		return fmt.Errorf("older checkpoint: %v", err)
	}
	if err := tlog.CheckTree(hashes(in.Growth), now.N, now.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("consistency: %v", err)
	}
	var indexes []int64
	for i, leaf := range in.Leaves {
		if err := tlog.CheckRecord(hashes(in.Proofs[i]), now.N, now.Hash, int64(i), tlog.RecordHash(leaf)); err != nil {
			return fmt.Errorf("entry %d: %v", i, err)
		}
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(i)))
	}
	read, err := tlog.TileHashReader(now, tiles(in.Tiles)).ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("tiles: %v", err)
	}
	for i, leaf := range in.Leaves {
		if read[i] != tlog.RecordHash(leaf) {
			return fmt.Errorf("tile of entry %d: another hash", i)
		}
	}
	return nil
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	if err := check(in); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
