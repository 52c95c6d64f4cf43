from greeting import greet

greet(input())
