// Threads without end, all at work.
// verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED RUN_TIME_ERROR
// limits: cpu_time_ms=2000 wall_time_ms=15000 memory_bytes=134217728 processes=64
public class Threads {
    public static void main(String[] words) {
        while (true) {
            try {
                new Thread(() -> { while (true) Thread.onSpinWait(); }).start();
            } catch (Throwable error) {
                Thread.yield();
            }
        }
    }
}
