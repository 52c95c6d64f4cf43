package main

import "fmt"

func main() {
	numbers := make([]int32, 60000000)
	for i := range numbers {
		numbers[i] = int32(i)
	}
	if numbers[59999999] == 59999999 {
		fmt.Println("large")
	}
}
