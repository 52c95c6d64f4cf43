// Fills its heap: the runtime gives up with an OutOfMemoryError, which counts as the memory limit.
import java.util.ArrayList;
import java.util.List;

public class Hog {
    public static void main(String[] arguments) {
        List<long[]> blocks = new ArrayList<>();
        while (true) blocks.add(new long[1 << 17]);
    }
}
