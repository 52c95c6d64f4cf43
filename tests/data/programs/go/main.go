package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	var word string
	var a, b int
	fmt.Scan(&word, &a, &b)
	switch word {
	case "sum":
		fmt.Println(a + b)
	case "spin":
		for i := 0; ; i++ {
			a += i
		}
	case "sleep":
		time.Sleep(time.Minute)
	case "memory":
		for kept := [][]byte{}; ; {
			block := make([]byte, 1<<20)
			for i := range block {
				block[i] = 1
			}
			kept = append(kept, block)
		}
	case "output":
		for {
			fmt.Print(strings.Repeat("x", 4096))
		}
	case "crash":
		os.Exit(3)
	}
}
