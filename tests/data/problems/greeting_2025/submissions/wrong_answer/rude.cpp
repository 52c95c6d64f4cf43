#include <iostream>

int main() { std::cout << "Go away" << std::endl; }
