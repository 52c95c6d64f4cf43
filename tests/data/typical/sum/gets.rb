require 'set'

n = gets.to_i
numbers = STDIN.read.split.map(&:to_i)
puts numbers.first(n).sum
