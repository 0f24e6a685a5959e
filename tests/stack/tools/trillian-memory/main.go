// trillian-memory keeps transparency log trees in memory and serves them over Trillian's gRPC interface.
//
// The CT log and Rekor v1 keep their entries in Trillian, which as shipped wants a database server, a log server and a
// log signer. For fixtures that live a minute, one process with no storage does the work of all three. It creates
// as many trees as asked, writes their ids to a file (one a line) and serves until it is stopped.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	trillianlog "github.com/google/trillian/log"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/google/trillian/util/election2"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Entries become part of the tree this often: a signer waits for that, so it is short.
const sequencingInterval = 50 * time.Millisecond

func main() {
	address := flag.String("address", "127.0.0.1:8090", "where to listen (gRPC)")
	trees := flag.Int("trees", 1, "how many log trees to create")
	idFile := flag.String("ids", "", "file for the tree ids, one a line")
	flag.Parse()
	if err := run(context.Background(), *address, *trees, *idFile); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string, trees int, idFile string) error {
	storage := memory.NewTreeStorage()
	registry := extension.Registry{
		AdminStorage:    memory.NewAdminStorage(storage),
		LogStorage:      memory.NewLogStorage(storage, nil),
		QuotaManager:    quota.Noop(),
		ElectionFactory: election2.NoopFactory{},
	}
	adminServer := admin.New(registry, nil)
	logServer := server.NewTrillianLogRPCServer(registry, clock.System)
	ids, err := createTrees(ctx, adminServer, logServer, trees)
	if err != nil {
		return err
	}
	go sequence(ctx, registry)

	// Before the port opens: whoever sees it open may rely on the file.
	if err := os.WriteFile(idFile, []byte(ids), 0o644); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	grpcServer := grpc.NewServer(grpc.UnaryInterceptor(interceptor.ErrorWrapper))
	trillian.RegisterTrillianAdminServer(grpcServer, adminServer)
	trillian.RegisterTrillianLogServer(grpcServer, logServer)
	return grpcServer.Serve(listener)
}

func createTrees(ctx context.Context, admin trillian.TrillianAdminServer, logs trillian.TrillianLogServer, count int) (string, error) {
	ids := ""
	for range count {
		tree, err := admin.CreateTree(ctx, &trillian.CreateTreeRequest{Tree: &trillian.Tree{
			TreeState:       trillian.TreeState_ACTIVE,
			TreeType:        trillian.TreeType_LOG,
			MaxRootDuration: durationpb.New(time.Hour),
		}})
		if err != nil {
			return "", fmt.Errorf("creating a tree: %w", err)
		}
		if _, err := logs.InitLog(ctx, &trillian.InitLogRequest{LogId: tree.TreeId}); err != nil {
			return "", fmt.Errorf("initialising tree %d: %w", tree.TreeId, err)
		}
		ids += fmt.Sprintln(tree.TreeId)
	}
	return ids, nil
}

// sequence integrates queued entries into their trees, for ever.
func sequence(ctx context.Context, registry extension.Registry) {
	trillianlog.NewOperationManager(trillianlog.OperationInfo{
		Registry:    registry,
		BatchSize:   1000,
		NumWorkers:  2,
		RunInterval: sequencingInterval,
		TimeSource:  clock.System,
	}, trillianlog.NewSequencerManager(registry, 0)).OperationLoop(ctx)
}
