// Ends, and goes on: hooks that sleep, a second exit inside of them.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000 wall_time_ms=4000 memory_bytes=134217728 processes=64
public class Hooks {
    public static void main(String[] words) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException error) {
                    continue;
                }
            }
        }));
        System.out.println("held");
        System.out.flush();
        System.exit(0);
    }
}
