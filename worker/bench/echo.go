package bench

import (
	"context"
	"time"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// echoWorker answers each input with messages of the sizes that Convene's have had so far, a batch for what has come in
// meanwhile: what a worker costs that does not think.
type echoWorker struct {
	*rig
	watch, like *watch
}

// Bytes of a head and of each of its entries.
const headBytes, entryBytes = 300, 60

func (e *echoWorker) run(ctx context.Context) error {
	intake, err := worker.OpenIntake(e.bare, plain)
	if err != nil {
		return err
	}
	defer intake.Close()
	after, head := uint64(0), uint64(0)
	for {
		chunk, err := intake.Read(ctx, after, engine.BatchInputs)
		if err == nil && len(chunk.Inputs) == 0 {
			err = intake.Wait(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if len(chunk.Inputs) == 0 {
			continue
		}
		decision, confirmation := e.like.sizes()
		var batch []worker.Msg
		for _, in := range chunk.Inputs {
			key := roster.KeyOf('r', in.Sequence)
			batch = append(batch, worker.Msg{Subject: worker.DecisionSubject(plain, key), Data: make([]byte, decision)},
				worker.Msg{Subject: worker.ConfirmationSubject(plain, source, key), Data: make([]byte, confirmation)})
		}
		batch = append(batch, worker.Msg{Subject: worker.HeadSubject(plain), Data: make([]byte, headBytes+entryBytes*len(batch))})
		storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		head, err = worker.Append(storing, e.bare.JS, batch, worker.HeadSubject(plain), head)
		cancel()
		if err != nil {
			return err
		}
		after = chunk.Inputs[len(chunk.Inputs)-1].Sequence
		e.watch.note(after)
	}
}
