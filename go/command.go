package fdescrow

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"

	"fdescrow/internal/native"
)

// A Command is a program that a step runs, without a shell.
type Command struct {
	// Args are the program and its arguments. Nothing of it is secret.
	Args []string
	// Input is written to its standard input, which is then closed; nil where it reads none. It may hold a secret.
	Input *Secret
}

func commandOf(arguments native.Buffer, failure native.Error, result int32) (*Command, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	words := strings.Split(string(native.BufferOf(arguments)), "\x00")
	// Each is ended by a NUL.
	return &Command{Args: words[:len(words)-1]}, nil
}

// Run runs it and waits for its end. What it prints is not looked at: it may hold a secret.
//
// *exec.ExitError if it ended with another status than 0; [Planner.Ran] takes the error.
func (c *Command) Run(ctx context.Context) error { return c.run(ctx, nil) }

// Output runs it, and is what it printed, which is not secret: the metadata of a volume.
func (c *Command) Output(ctx context.Context) ([]byte, error) {
	var output bytes.Buffer
	err := c.run(ctx, &output)
	return output.Bytes(), err
}

// Secret runs it, and is what it printed, a passphrase. What passed through Go's memory on the way is cleared, as far as Go lets it.
func (c *Command) Secret(ctx context.Context) (*Secret, error) {
	var output bytes.Buffer
	err := c.run(ctx, &output)
	printed := output.Bytes()
	defer func() { clear(printed[:cap(printed)]) }()
	if err != nil {
		return nil, err
	}
	return NewSecret(printed)
}

func (c *Command) run(ctx context.Context, output *bytes.Buffer) error {
	if len(c.Args) == 0 {
		return newError(ErrMisuse, "there is no command")
	}
	command := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	if output != nil {
		command.Stdout = output
	}
	if c.Input == nil {
		return command.Run()
	}
	// By a pipe of our own: what exec copies goes through a buffer that stays in Go's memory.
	read, written, err := os.Pipe()
	if err != nil {
		return err
	}
	defer written.Close()
	command.Stdin = read
	err = command.Start()
	_ = read.Close()
	if err != nil {
		return err
	}
	// A program that ends without reading all of it says by its status what that means.
	_ = c.Input.Use(func(secret []byte) { _, _ = written.Write(secret) })
	_ = written.Close()
	return command.Wait()
}

// Close wipes its input.
func (c *Command) Close() error {
	if c == nil {
		return nil
	}
	return c.Input.Close()
}
