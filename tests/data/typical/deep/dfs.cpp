#include <bits/stdc++.h>
using namespace std;
vector<int> next_of[1000001];
long long size_of[1000001];

void visit(int at, int from) {
    size_of[at] = 1;
    for (int to : next_of[at])
        if (to != from) {
            visit(to, at);
            size_of[at] += size_of[to];
        }
}

int main() {
    for (int i = 0; i < 1000000; i++) next_of[i].push_back(i + 1), next_of[i + 1].push_back(i);
    visit(0, -1);
    puts(size_of[0] == 1000001 ? "deep" : "wrong");
}
