package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<24)
	in.Split(bufio.ScanWords)
	in.Scan()
	n, _ := strconv.Atoi(in.Text())
	numbers := make(chan int64, n)
	go func() {
		for i := 0; i < n && in.Scan(); i++ {
			x, _ := strconv.ParseInt(in.Text(), 10, 64)
			numbers <- x
		}
		close(numbers)
	}()
	sum := int64(0)
	for x := range numbers {
		sum += x
	}
	fmt.Println(sum)
}
