import java.util.*;

class Main {
    public static void main(String[] args) {
        List<int[]> held = new ArrayList<>(); // 215 MiB of small objects, and as much garbage beside them
        for (int i = 0; i < 3600; i++) {
            for (int j = 0; j < 1000; j++) held.add(new int[] {i, j, i * j, 0, 0, 0, 0, 0, 0, 0});
            if (i % 2 == 1) held.subList(held.size() - 100, held.size()).clear();
        }
        long sum = 0;
        for (int[] one : held) sum += one[2];
        System.out.println(sum > 0 ? "large" : "wrong");
    }
}
