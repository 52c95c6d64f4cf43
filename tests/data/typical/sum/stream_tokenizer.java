import java.io.*;

public class Main {
    public static void main(String... args) throws Exception {
        var in = new StreamTokenizer(new BufferedInputStream(System.in));
        in.nextToken();
        int n = (int) in.nval;
        long sum = 0;
        for (int i = 0; i < n; i++) { in.nextToken(); sum += (long) in.nval; }
        System.out.printf("%d%n", sum);
    }
}
