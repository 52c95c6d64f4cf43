// Starts processes and halts without waiting for them.
// verdicts: ACCEPTED
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
public class Processes {
    public static void main(String[] words) throws Exception {
        for (int i = 0; i < 5; i++) new ProcessBuilder("/bin/sh", "-c", "sleep 600 & sleep 600").start();
        System.out.println("held");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
