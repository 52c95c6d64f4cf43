public class Main implements Runnable {
    static int depth(int n) { return n == 0 ? 0 : depth(n - 1) + 1; }

    public void run() { System.out.println(depth(1000000) == 1000000 ? "deep" : "wrong"); }

    public static void main(String[] args) throws InterruptedException {
        Thread thread = new Thread(null, new Main(), "deep", 1 << 28);
        thread.start();
        thread.join();
    }
}
