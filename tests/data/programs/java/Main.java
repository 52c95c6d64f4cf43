import java.util.ArrayList;
import java.util.Scanner;

public class Main {
  public static void main(String[] arguments) throws Exception {
    Scanner in = new Scanner(System.in);
    switch (in.next()) {
      case "sum": System.out.println(in.nextLong() + in.nextLong()); break;
      case "spin": for (long i = 0; i >= 0; i = (i + 1) & 1023); break;
      case "sleep": Thread.sleep(60_000); break;
      case "memory": for (ArrayList<byte[]> kept = new ArrayList<>();;) kept.add(new byte[1 << 20]);
      case "output": for (;;) System.out.println("x".repeat(4096));
      case "crash": System.exit(3);
    }
  }
}
