// Threads that idle, without end: the runtime calls their limit an OutOfMemoryError, which it is not.
// verdicts: RUN_TIME_ERROR
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=268435456 processes=32
public class Unable {
    public static void main(String[] words) {
        while (true) {
            Thread thread = new Thread(() -> {
                try {
                    Thread.sleep(1_000_000);
                } catch (InterruptedException error) {
                    throw new IllegalStateException(error);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
    }
}
