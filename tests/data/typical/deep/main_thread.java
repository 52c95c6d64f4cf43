class Solution {
    static int depth(int n) { return n == 0 ? 0 : depth(n - 1) + 1; }

    public static void main(String[] args) { System.out.println(depth(500000) == 500000 ? "deep" : "wrong"); }
}
