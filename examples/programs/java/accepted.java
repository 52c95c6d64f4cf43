// Reads two numbers and prints their sum. The main class is found, whatever the file is called.
import java.util.Scanner;

public class Sum {
    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        System.out.println(in.nextLong() + in.nextLong());
    }
}
