// Takes heap without end, and catches the error.
// verdicts: MEMORY_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
import java.util.ArrayList;
import java.util.List;

public class Heap {
    public static void main(String[] words) {
        List<long[]> taken = new ArrayList<>();
        while (true) {
            try {
                taken.add(new long[1 << 17]);
            } catch (OutOfMemoryError error) {
                if (taken.size() < 8) throw error;
                taken.subList(0, 4).clear();
            }
        }
    }
}
