// Recursion without end is no want of memory: the VM once took six times the stack to find that it was over.
// verdicts: RUN_TIME_ERROR
// limits: cpu_time_ms=4000 wall_time_ms=15000 memory_bytes=134217728
public class Recursion {
    static int deep(int depth) {
        return deep(depth + 1) + 1;
    }

    public static void main(String[] words) {
        for (int i = 0; i < 3; i++) {
            try {
                deep(0);
            } catch (StackOverflowError error) {
                System.err.println("again");
            }
        }
        deep(0);
    }
}
