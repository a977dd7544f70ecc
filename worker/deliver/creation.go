package deliver

import (
	"context"
	"sync"
)

// creations keeps apart bundles that would both create the same resource: a server that searches, finds nothing and
// creates, for two transactions at once, has two of it.
type creations struct {
	done memory[struct{}] // known to be on the server

	mu    sync.Mutex
	under map[string]chan struct{} // being created now; closed when that attempt is over
}

// claim waits until nobody else is creating any of these, which must be sorted, so that no two wait for each other. The
// function it returns ends the claim and says whether they are there now.
func (c *creations) claim(ctx context.Context, names []string) (release func(created bool), err error) {
	var held []string
	release = func(created bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, name := range held {
			if created {
				c.done.set(name, struct{}{})
			}
			close(c.under[name])
			delete(c.under, name)
		}
		held = nil
	}
	for _, name := range names {
		taken, err := c.take(ctx, name)
		if err != nil {
			release(false)
			return nil, err
		}
		if taken {
			held = append(held, name)
		}
	}
	return release, nil
}

// take one name, unless it is known to be there.
func (c *creations) take(ctx context.Context, name string) (taken bool, err error) {
	for {
		c.mu.Lock()
		if _, done := c.done.get(name); done {
			c.mu.Unlock()
			return false, nil
		}
		other := c.under[name]
		if other == nil {
			if c.under == nil {
				c.under = map[string]chan struct{}{}
			}
			c.under[name] = make(chan struct{})
			c.mu.Unlock()
			return true, nil
		}
		c.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
