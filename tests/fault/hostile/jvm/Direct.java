// Memory beside the heap, which the runtime's own limit does not count.
// verdicts: MEMORY_LIMIT_EXCEEDED RUN_TIME_ERROR
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
import java.lang.reflect.Field;

public class Direct {
    public static void main(String[] words) throws Exception {
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object unsafe = field.get(null);
        var allocate = unsafe.getClass().getMethod("allocateMemory", long.class);
        var fill = unsafe.getClass().getMethod("setMemory", long.class, long.class, byte.class);
        for (int i = 0; i < 2000; i++) fill.invoke(unsafe, allocate.invoke(unsafe, 1L << 20), 1L << 20, (byte) 1);
        System.out.println("held");
    }
}
